// Sealing: AES-GCM, for one place each, so that nothing sealed counts where it was not put.

import { fromJsonBytes, randomBytes, toJsonBytes, utf8 } from "./bytes.js";

/** @typedef {{ iv: Uint8Array<ArrayBuffer>, sealed: ArrayBuffer }} Sealed */

/**
 * Seal a JSON value for one place.
 * @param {CryptoKey} key
 * @param {string} place
 * @param {unknown} value
 * @returns {Promise<Sealed>}
 */
export const seal = (key, place, value) => sealBytes(key, place, toJsonBytes(value));

/**
 * Give the JSON value that was sealed for a place.
 * @param {CryptoKey} key
 * @param {string} place
 * @param {Sealed} kept
 * @throws {DOMException} where it was sealed by another key, for another place, or was changed.
 */
export const unseal = async (key, place, kept) => fromJsonBytes(await unsealBytes(key, place, kept));

/**
 * Seal bytes for one place.
 * @param {CryptoKey} key
 * @param {string} place
 * @param {BufferSource} bytes
 * @returns {Promise<Sealed>}
 */
export async function sealBytes(key, place, bytes) {
  const iv = randomBytes(12);
  return { iv, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8(place) }, key, bytes) };
}

/**
 * Give the bytes that were sealed for a place.
 * @param {CryptoKey} key
 * @param {string} place
 * @param {Sealed} kept
 */
export const unsealBytes = (key, place, { iv, sealed }) =>
  crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: utf8(place) }, key, sealed);

/**
 * Make the key that data is sealed by, of its bytes. It cannot be exported again.
 * @param {BufferSource} bytes
 */
export const asKey = (bytes) => crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);

/**
 * Derive a key from secrets, all of which are needed (RFC 5869).
 * @param {string} label
 * @param {ArrayBuffer[]} secrets each of 32 bytes.
 */
export async function derive(label, secrets) {
  const all = await new Blob(secrets).arrayBuffer();
  const from = await crypto.subtle.importKey("raw", all, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(label) };
  return crypto.subtle.deriveKey(how, from, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}
