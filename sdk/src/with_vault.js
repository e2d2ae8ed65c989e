// Work with the vault of whoever is signed in here, also where another tab seals it anew meanwhile.

import { CoatcheckError } from "./errors.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./vault.js").Vault} Vault */

const WAIT_FOR_TABS_MS = 1000;
const CHANGED = ["AbortError", "OperationError"]; // as a write and as a read notice it

/**
 * Do something with the open vault, and again with the next one as often as one was sealed anew meanwhile.
 * @template Result
 * @param {Client} client
 * @param {(vault: Vault) => Promise<Result>} work
 * @returns {Promise<Result>}
 * @throws {CoatcheckError} `not_signed_in`, `locked`, `no_storage`, `no_room`
 */
export async function withVault(client, work) {
  const vault = vaultOf(client);
  try {
    return await work(vault);
  } catch (error) {
    if (isNamed(error, ["QuotaExceededError"])) throw new CoatcheckError({ code: "no_room" }, { cause: error });
    if (!isNamed(error, CHANGED) || (await nextVault(client, vault)) === vault) throw error;
  }
  return withVault(client, work);
}

/** @param {Client} client */
function vaultOf(client) {
  if (client.vault) return client.vault;
  if (!client.hasTokens) throw new CoatcheckError({ code: "no_storage" });
  if (client.state.status === "locked") throw new CoatcheckError({ code: "locked" });
  throw new CoatcheckError({ code: "not_signed_in" });
}

/**
 * Give the vault that took the place of another; the tab that sealed it anew shows it to the others.
 * @param {Client} client
 * @param {Vault} former
 */
async function nextVault(client, former) {
  const kept = await client.store?.get("accounts", former.account);
  if (kept?.share && kept.version !== former.version) {
    await client.tabs?.ask({ type: "open?" }, () => client.vault !== former, WAIT_FOR_TABS_MS);
  }
  if (client.vault === former) await client.load(former);
  return vaultOf(client);
}

/**
 * @param {unknown} error
 * @param {string[]} names
 */
const isNamed = (error, names) => error instanceof DOMException && names.includes(error.name);
