// Calls of Coatcheck's own: as nobody, or as whoever is signed in here.

import { CoatcheckError } from "./errors.js";

/** @typedef {import("./client.js").Client} Client */

/** @type {WeakMap<Client, Promise<unknown>>} */
const CONFIRMING = new WeakMap();

/**
 * Ask the server without showing who is signed in by more than a cookie.
 * @param {Client} client
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 * @throws {CoatcheckError}
 */
export const ask = (client, method, path, body) => client.call(method, path, body, { isProven: false });

/**
 * Ask the server as whoever is signed in here; where the token has run out, with another one.
 * @param {Client} client
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 * @throws {CoatcheckError}
 */
export async function askAsPerson(client, method, path, body) {
  if (!client.hasTokens) return ask(client, method, path, body);
  const token = await client.tokens.access();
  try {
    return await client.call(method, path, body, { token });
  } catch (error) {
    if (!(error instanceof CoatcheckError && error.status === 401) || error.kind === "ended") throw error;
  }
  return client.call(method, path, body, { token: await client.tokens.refresh(token) });
}

/**
 * Ask the server for what only the account's owner may do; the app lets the person confirm where that is needed.
 * @param {Client} client
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 * @throws {CoatcheckError}
 */
export async function askAsOwner(client, method, path, body) {
  try {
    return await askAsPerson(client, method, path, body);
  } catch (error) {
    if (!(error instanceof CoatcheckError && asksToConfirm(error) && client.confirm)) throw error;
    await confirmed(client, error);
  }
  return askAsPerson(client, method, path, body);
}

/**
 * Tell whether the person is to confirm who they are first (RFC 9470).
 * @param {CoatcheckError} error
 */
export const asksToConfirm = ({ code, challenge }) =>
  code === "fresh_sign_in_needed" || challenge?.error === "insufficient_user_authentication";

/**
 * Let the person confirm who they are, by the app's own means: once, whatever waits for it.
 * @param {Client} client
 * @param {CoatcheckError} asked
 * @returns {Promise<unknown>}
 */
export function confirmed(client, asked) {
  const running = CONFIRMING.get(client);
  if (running) return running;
  const begun = Promise.resolve(client.confirm?.(asked)).finally(() => CONFIRMING.delete(client));
  CONFIRMING.set(client, begun);
  return begun;
}
