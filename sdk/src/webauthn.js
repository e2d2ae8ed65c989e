// Passkeys: what the browser is asked in the server's words, and what it answers in them. Nothing is decided here.

import { fromBase64url, randomBytes, toBase64url } from "./bytes.js";
import { CoatcheckError } from "./errors.js";

/** @typedef {{ id: string, credential: Record<string, unknown>, secret?: ArrayBuffer }} Used */

/** @type {Record<string, string>} */
const WENT_WRONG = {
  NotAllowedError: "called_off",
  AbortError: "called_off",
  InvalidStateError: "passkey_exists",
  NotSupportedError: "passkey_unsupported",
  SecurityError: "passkey_wrong_site",
};
const SENT = /** @type {const} */ (["attestationObject", "authenticatorData", "signature", "userHandle"]);

/** The asking that waits for autofill: a browser does one thing with keys at a time. */
let waiting = new AbortController();

/** Whether this browser has passkeys. */
export const hasPasskeys = () => "PublicKeyCredential" in globalThis && "credentials" in navigator;

/** Whether this browser offers passkeys where a name is typed. */
export const hasAutofill = async () =>
  hasPasskeys() && Boolean(await PublicKeyCredential.isConditionalMediationAvailable?.());

/**
 * Let the person use a passkey.
 * @param {any} options the server's (WebAuthn section 5.1.10).
 * @param {object} [how]
 * @param {boolean} [how.conditional] offered where a name is typed, until one is picked.
 * @param {AbortSignal} [how.signal]
 * @param {string} [how.salt] what a secret is asked for by, which the passkey alone can make.
 * @returns {Promise<Used>}
 * @throws {CoatcheckError} `called_off`, `passkey_wrong_site`, `passkey_unsupported`
 */
export async function usePasskey(options, { conditional = false, signal, salt } = {}) {
  const publicKey = { ...taken(options), ...(salt && { extensions: secretBy(salt) }) };
  const mediation = conditional ? /** @type {const} */ ("conditional") : undefined;
  const ask = (/** @type {AbortSignal} */ until) => navigator.credentials.get({ publicKey, mediation, signal: until });
  return used(await asked(conditional, signal, ask));
}

/**
 * Let the person make a passkey. It can make secrets where its device is able to.
 * @param {any} options the server's (WebAuthn section 5.1.9).
 * @param {string} [salt] what a secret is asked for by at once; not every device gives one yet.
 * @returns {Promise<Used & { canMakeSecrets: boolean }>}
 * @throws {CoatcheckError} `called_off`, `passkey_exists`, `passkey_wrong_site`, `passkey_unsupported`
 */
export async function makePasskey(options, salt) {
  const publicKey = { ...taken(options), extensions: salt ? secretBy(salt) : { prf: {} } };
  const made = await asked(false, undefined, (signal) => navigator.credentials.create({ publicKey, signal }));
  return { ...used(made), canMakeSecrets: Boolean(made.getClientExtensionResults().prf?.enabled) };
}

/**
 * Let the person use one passkey for its secret alone; no server is asked.
 * @param {{ rpId: string, credentialIds: string[], salt: string }} which
 * @returns {Promise<Used>}
 * @throws {CoatcheckError} `called_off`, `no_prf`
 */
export async function secretOf({ rpId, credentialIds, salt }) {
  const challenge = toBase64url(randomBytes(32));
  const allowCredentials = credentialIds.map((id) => ({ type: "public-key", id }));
  const found = await usePasskey({ challenge, rpId, allowCredentials, userVerification: "required" }, { salt });
  if (!found.secret) throw new CoatcheckError({ code: "no_prf" });
  return found;
}

/**
 * Tell the browser that a passkey counts no more, so that it may forget it.
 * @param {string} rpId
 * @param {string} credentialId
 */
export function forgetPasskey(rpId, credentialId) {
  const { PublicKeyCredential: devices } = /** @type {any} */ (globalThis);
  devices?.signalUnknownCredential?.({ rpId, credentialId })?.catch(() => undefined);
}

/**
 * @param {boolean} waits whether the next asking takes its place.
 * @param {AbortSignal | undefined} signal
 * @param {(signal: AbortSignal) => Promise<Credential | null>} ask
 * @returns {Promise<PublicKeyCredential>}
 */
async function asked(waits, signal, ask) {
  if (!hasPasskeys()) throw named(new DOMException("no passkeys", "NotSupportedError"));
  waiting.abort();
  const own = new AbortController();
  if (waits) waiting = own;
  try {
    const given = await ask(signal ? AbortSignal.any([own.signal, signal]) : own.signal);
    return /** @type {PublicKeyCredential} */ (given);
  } catch (error) {
    throw named(error);
  }
}

/** @param {unknown} error */
function named(error) {
  const code = error instanceof DOMException && WENT_WRONG[error.name];
  return code ? new CoatcheckError({ code }, { cause: error }) : error;
}

/** @param {string} salt */
const secretBy = (salt) => ({ prf: { eval: { first: fromBase64url(salt) } } });

/**
 * @param {any} options
 * @returns {any}
 */
function taken(options) {
  const { user, allowCredentials = [], excludeCredentials = [] } = options;
  return {
    ...options,
    challenge: fromBase64url(options.challenge),
    ...(user && { user: { ...user, id: fromBase64url(user.id) } }),
    allowCredentials: allowCredentials.map(withBytes),
    excludeCredentials: excludeCredentials.map(withBytes),
  };
}

/** @param {{ id: string }} each */
const withBytes = (each) => ({ ...each, id: fromBase64url(each.id) });

/**
 * Give what was answered as the server takes it; the secret is not in that.
 * @param {PublicKeyCredential} given
 * @returns {Used}
 */
function used(given) {
  const answer = /** @type {any} */ (given.response);
  /** @type {Record<string, unknown>} */
  const response = { clientDataJSON: toBase64url(answer.clientDataJSON) };
  for (const name of SENT) if (answer[name]) response[name] = toBase64url(answer[name]);
  if (answer.getTransports) response.transports = answer.getTransports();
  const { id, type } = given;
  const secret = given.getClientExtensionResults().prf?.results?.first;
  return { id, credential: { id, rawId: toBase64url(given.rawId), type, response }, secret: asBuffer(secret) };
}

/** @param {BufferSource | undefined} secret */
function asBuffer(secret) {
  if (secret === undefined || secret instanceof ArrayBuffer) return secret;
  return new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength).slice().buffer;
}
