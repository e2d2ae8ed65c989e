// Proofs of possession: a word, signed for one request, that whoever sends it holds the key (RFC 9449).

import { randomBytes, sha256, toBase64url, toJsonBytes, utf8 } from "./bytes.js";

/** @typedef {import("./installation.js").Installation} Installation */

/**
 * Make a proof for one request; it is good for a minute, once.
 * @param {Installation} by
 * @param {object} request
 * @param {string} request.method
 * @param {string} request.url query and fragment are left out.
 * @param {number} request.now milliseconds since 1970, by the server's clock.
 * @param {string} [request.token] the access token that goes along.
 * @param {string} [request.nonce] the last one that this server gave.
 * @returns {Promise<string>} the value of the header `DPoP`.
 */
export async function makeProof(by, { method, url, now, token, nonce }) {
  const claims = {
    jti: toBase64url(randomBytes(16)),
    htm: method,
    htu: url.split(/[?#]/, 1)[0],
    iat: Math.floor(now / 1000),
    ...(token && { ath: toBase64url(await sha256(token)) }),
    ...(nonce && { nonce }),
  };
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: by.jwk };
  const signed = [header, claims].map((each) => toBase64url(toJsonBytes(each))).join(".");
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, by.proof, utf8(signed));
  return `${signed}.${toBase64url(signature)}`;
}
