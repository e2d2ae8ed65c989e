// Room: where the disk takes nothing more, this browser has a plain session cookie in place of tokens until sign-out.

import { CoatcheckError } from "./errors.js";

/** @typedef {import("./client.js").Client} Client */

/**
 * See to it that what a sign-in brings can be kept, before tokens are asked for; else it is to bring a cookie.
 * @param {Client} client
 * @throws {CoatcheckError} `no_storage` where a cookie would be another site's, too.
 */
export async function seeToRoom(client) {
  if (client.store && client.hasTokens && !(await client.store.hasRoom())) {
    client.hasCookieOnly = true;
    client.set({ protection: "none" });
    noteCookieOnly(client.issuer, true);
  }
  if (!client.hasTokens && new URL(client.issuer).origin !== globalThis.location.origin) {
    throw new CoatcheckError({ code: "no_storage" });
  }
}

/**
 * Tell whether this browser has a cookie in place of tokens; that is noted where there is room left.
 * @param {string} issuer
 */
export function isCookieOnly(issuer) {
  try {
    return localStorage.getItem(nameOf(issuer)) !== null;
  } catch {
    return false; // blocked, or a worker
  }
}

/**
 * Note whether this browser has a cookie in place of tokens.
 * @param {string} issuer
 * @param {boolean} isSo
 */
export function noteCookieOnly(issuer, isSo) {
  try {
    if (isSo) localStorage.setItem(nameOf(issuer), "yes");
    else localStorage.removeItem(nameOf(issuer));
  } catch {
    // blocked: this tab knows it, and the next one asks for another sign-in
  }
}

/**
 * Name what went wrong where there is no room.
 * @template Result
 * @param {Promise<Result>} writing
 * @returns {Promise<Result>}
 * @throws {import("./errors.js").CoatcheckError} `no_room`
 */
export async function withRoom(writing) {
  try {
    return await writing;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    throw new CoatcheckError({ code: "no_room" }, { cause: error });
  }
}

/** @param {string} issuer */
const nameOf = (issuer) => `coatcheck ${issuer} cookie`;
