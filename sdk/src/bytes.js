// Bytes and the texts that they travel as.

const WRITE = new TextEncoder();
const READ = new TextDecoder("utf-8", { fatal: true });

/**
 * Give the bytes of a text.
 * @param {string} text
 */
export const utf8 = (text) => /** @type {Uint8Array<ArrayBuffer>} */ (WRITE.encode(text));

/**
 * Give bytes as base64url without padding (RFC 4648 section 5).
 * @param {ArrayBuffer | Uint8Array} bytes
 */
export function toBase64url(bytes) {
  let text = "";
  for (const each of new Uint8Array(bytes)) text += String.fromCharCode(each);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Give the bytes that a base64url text stands for.
 * @param {string} text
 */
export const fromBase64url = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));

/**
 * Give the bytes of any JSON value.
 * @param {unknown} value
 */
export const toJsonBytes = (value) => utf8(JSON.stringify(value));

/**
 * Give the JSON value that bytes stand for.
 * @param {ArrayBuffer} bytes
 * @returns {any}
 */
export const fromJsonBytes = (bytes) => JSON.parse(READ.decode(bytes));

/**
 * Give the SHA-256 of a text.
 * @param {string} text
 */
export const sha256 = (text) => crypto.subtle.digest("SHA-256", utf8(text));

/**
 * Draw random bytes.
 * @param {number} count
 */
export const randomBytes = (count) => crypto.getRandomValues(new Uint8Array(count));

/** Draw a whole number that was not drawn before. */
export const randomNumber = () => Number(new DataView(randomBytes(8).buffer).getBigUint64(0) >> 11n);
