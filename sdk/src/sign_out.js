// Signing out: the session ends, and all that is stored of the person goes, in all tabs.

import { ask } from "./ask.js";
import { CoatcheckError } from "./errors.js";
import { end, erase } from "./session.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {{ told: boolean }} SignedOut whether the server knows of it; else the session runs out there by itself. */

/**
 * Sign out. What is stored goes even where the server cannot be told.
 * @param {Client} client
 * @param {{ everywhere?: boolean }} [where] everywhere: all sessions of the account end, which only the server can do.
 * @returns {Promise<SignedOut>}
 * @throws {CoatcheckError} `offline` or `busy`, and nothing has changed: everywhere, or where there is a cookie alone;
 *   `locked` where everywhere is asked for and the passkey was not shown yet.
 */
export async function signOut(client, { everywhere = false } = {}) {
  if (!client.hasTokens) return leaveByCookie(client, everywhere);
  if (everywhere) return client.alone(() => leaveEverywhere(client));
  // Erased first, and not alone: a server that hangs must not keep anything here, when the person has walked away. What
  // runs meanwhile in any tab can write nothing more, as each write looks whether its vault is there still.
  const { token, isSilent } = await leave(client);
  const told = token === null || (await isTold(ask(client, "POST", "/api/sign-out", { refresh_token: token })));
  return { told: told && !isSilent };
}

/** @param {Client} client */
async function leave(client) {
  const token = await tokenOf(client);
  const isSilent = client.state.status === "locked"; // the token lies behind the passkey
  await erase(client);
  return { token, isSilent };
}

/** @param {Client} client */
async function leaveEverywhere(client) {
  const token = await tokenOf(client);
  if (token === null) {
    if (client.state.status === "signed_out") return { told: true };
    throw new CoatcheckError({ code: client.state.status === "locked" ? "locked" : "not_signed_in" });
  }
  try {
    await client.call("POST", "/api/sign-out", { refresh_token: token, everywhere: true });
  } catch (error) {
    if (error instanceof CoatcheckError && error.kind === "ended") await end(client);
    throw error;
  }
  await erase(client);
  return { told: true };
}

/**
 * @param {Client} client
 * @param {boolean} everywhere
 */
async function leaveByCookie(client, everywhere) {
  await ask(client, "POST", "/api/sign-out", { everywhere });
  await erase(client);
  return { told: true };
}

/**
 * Give the refresh token as it is by now, whatever other tabs have done; null where there is none to be had.
 * @param {Client} client
 * @returns {Promise<string | null>}
 */
async function tokenOf(client) {
  const vault = await client.now();
  return (await vault?.get("session"))?.refreshToken ?? null;
}

/** @param {Promise<unknown>} telling */
async function isTold(telling) {
  try {
    await telling;
    return true;
  } catch (error) {
    if (error instanceof CoatcheckError) return false;
    throw error;
  }
}
