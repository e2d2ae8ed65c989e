// Unlock by passkey: what is stored opens by a secret that a passkey alone can make, and that is nowhere on the disk.
//
//     protectByPasskey → sealed anew → (restart) locked → unlock → open        unprotect takes it back

import { askAsOwner } from "./ask.js";
import { randomBytes, toBase64url } from "./bytes.js";
import { CoatcheckError } from "./errors.js";
import { withRoom } from "./room.js";
import { openWith } from "./session.js";
import { resealVault } from "./vault.js";
import { forgetPasskey, makePasskey, secretOf } from "./webauthn.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./vault.js").Unlock} Unlock */
/** @typedef {{ name?: string }} Name what the person calls a new passkey. */

/**
 * Add a passkey to the account of whoever is signed in.
 * @param {Client} client
 * @param {Name} [how]
 * @returns {Promise<any>} the passkey; `backup_codes`, to be shown this once, where it is the first second factor.
 * @throws {CoatcheckError} `called_off`, `passkey_exists`, `fresh_sign_in_needed`
 */
export async function addPasskey(client, { name } = {}) {
  const { credential } = await makePasskey(await askAsOwner(client, "POST", "/api/passkeys/start"));
  return askAsOwner(client, "POST", "/api/passkeys", { credential, name });
}

/**
 * Seal what is stored so that it takes a passkey of this device to open it: one that is there, or else a new one.
 * @param {Client} client
 * @param {Name} [how]
 * @returns {Promise<{ passkey: any, isRenewed: boolean }>} the passkey, if one was added, with its `backup_codes`; not
 *   renewed: the server could not be reached at the end, and tokens that were sealed before count until it is.
 * @throws {CoatcheckError} `no_prf`, `called_off`, `not_signed_in`, `fresh_sign_in_needed`
 */
export async function protectByPasskey(client, { name } = {}) {
  openOf(client);
  const salt = toBase64url(randomBytes(32));
  const options = await askAsOwner(client, "POST", "/api/passkeys/start");
  const { unlock, secret, passkey } = await passkeyFor(client, options, salt, name);
  return { passkey, isRenewed: await reseal(client, unlock, secret) };
}

/**
 * Open what is stored by its passkey; the network is not needed.
 * @param {Client} client
 * @throws {CoatcheckError} `called_off`, `no_prf`, `wrong_passkey`
 */
export async function unlock(client) {
  if (client.state.status !== "locked") return;
  const by = await unlockOf(client);
  if (!by) return client.load();
  const { rpId, credentialId, salt } = by;
  const { secret } = await secretOf({ rpId, credentialIds: [credentialId], salt });
  if (secret) await openWith(client, secret);
}

/**
 * Seal what is stored so that this browser opens it by itself again.
 * @param {Client} client
 * @throws {CoatcheckError} `not_signed_in`
 */
export async function unprotect(client) {
  await reseal(client, null);
}

/**
 * Tell which passkey opens what is stored of whoever was signed in here last; null where none is needed.
 * @param {Client} client
 * @returns {Promise<Unlock | null>}
 */
export async function unlockOf({ store }) {
  const account = await store?.get("current", "account");
  return (account && (await store?.get("accounts", account)))?.unlock ?? null;
}

/**
 * Make a passkey that makes secrets, or have one of this device do it that the account has already.
 * @param {Client} client
 * @param {any} options
 * @param {string} salt
 * @param {string | undefined} name
 */
async function passkeyFor(client, options, salt, name) {
  const made = await make(options, salt);
  const known = options.excludeCredentials.map((/** @type {{ id: string }} */ { id }) => id);
  const passkey = made && (await askAsOwner(client, "POST", "/api/passkeys", { credential: made.credential, name }));
  const which = { rpId: options.rp.id, credentialIds: made ? [made.id] : known, salt };
  const { id, secret } = made?.secret ? made : await secretOf(which);
  return { passkey, secret, unlock: { rpId: options.rp.id, credentialId: id, salt } };
}

/**
 * @param {any} options
 * @param {string} salt
 * @returns {Promise<Awaited<ReturnType<typeof makePasskey>> | null>} null where this device has one.
 */
async function make(options, salt) {
  // Without the holder's consent a device makes another secret than with it, so it is always asked for.
  const authenticatorSelection = { ...options.authenticatorSelection, userVerification: "required" };
  try {
    const made = await makePasskey({ ...options, authenticatorSelection }, salt);
    if (made.canMakeSecrets) return made;
    forgetPasskey(options.rp.id, made.id); // the server never hears of it
  } catch (error) {
    if (error instanceof CoatcheckError && error.code === "passkey_exists") return null;
    throw error;
  }
  throw new CoatcheckError({ code: "no_prf" });
}

/**
 * @param {Client} client
 * @param {Unlock | null} by
 * @param {ArrayBuffer} [secret]
 * @returns {Promise<boolean>}
 */
function reseal(client, by, secret) {
  const { account } = openOf(client);
  return client.alone(async () => {
    const { store, installation } = client;
    const vault = await client.now();
    if (!store || !installation || vault?.account !== account) throw new CoatcheckError({ code: "not_signed_in" });
    await client.goOnWith(await withRoom(resealVault(store, installation, vault, by, secret)));
    return by === null || renewedTwice(client);
  });
}

/**
 * Use up each refresh token that was sealed before: the server forgets one when its successor's successor is asked for.
 * @param {Client} client
 */
async function renewedTwice(client) {
  try {
    await client.tokens.renew();
    await client.tokens.renew();
    return true;
  } catch (error) {
    if (error instanceof CoatcheckError && (error.kind === "offline" || error.kind === "busy")) return false;
    throw error;
  }
}

/** @param {Client} client */
function openOf({ vault }) {
  if (vault === null) throw new CoatcheckError({ code: "not_signed_in" });
  return vault;
}
