// The keys of this browser. No script can export them; whoever takes what is stored elsewhere has no use for it.

import { sha256, toBase64url } from "./bytes.js";

/** @typedef {import("./store.js").Store} Store */

/**
 * @typedef {object} Installation
 * @property {CryptoKey} proof signs proofs of possession (RFC 9449).
 * @property {JsonWebKey} jwk its public half, as a proof shows it.
 * @property {string} jkt its thumbprint (RFC 7638), by which tokens are bound to it.
 * @property {CryptoKey} seal seals what is stored.
 */

const SIGNS = { name: "ECDSA", namedCurve: "P-256" };
const SEALS = { name: "AES-GCM", length: 256 };

/**
 * Give the keys of this browser, made at the first time; of two tabs at once both get the same ones.
 * @param {Store} store
 * @returns {Promise<Installation>}
 * @throws {DOMException} where keys cannot be made or kept.
 */
export async function openInstallation(store) {
  const kept = (await store.get("keys", "installation")) ?? (await make(store));
  const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", kept.proof.publicKey);
  const jwk = { crv, kty, x, y };
  return { proof: kept.proof.privateKey, jwk, jkt: toBase64url(await sha256(JSON.stringify(jwk))), seal: kept.seal };
}

/** @param {Store} store */
async function make(store) {
  const made = {
    proof: await crypto.subtle.generateKey(SIGNS, false, ["sign", "verify"]),
    seal: await crypto.subtle.generateKey(SEALS, false, ["encrypt", "decrypt"]),
  };
  await store.change("keys", "installation", (former) => former ?? made);
  return store.get("keys", "installation"); // as it was kept: a browser that cannot keep keys fails here
}
