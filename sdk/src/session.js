// What changes who is signed in here: a sign-in, a refresh, an unlocking, an end. Each runs alone among all tabs.

import { fromBase64url } from "./bytes.js";
import { CoatcheckError } from "./errors.js";
import { heardNow, offlineOf } from "./offline.js";
import { dropPersonal } from "./personal.js";
import { admitToVault, endVault, eraseVault, openVault, Vault } from "./vault.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./state.js").Stored} Stored */

/**
 * Take in who has signed in, with the tokens of the answer.
 * @param {Client} client
 * @param {any} answer `admitted`
 */
export async function admit(client, answer) {
  if (!answer.refresh_token) {
    await client.load();
    return client.tabs?.tell({ type: "load" });
  }
  return client.alone(async () => {
    const { store, installation } = client;
    if (!store || !installation) throw new TypeError("tokens came, and there is nowhere to keep them");
    const account = answer.account.id;
    const replaced = await leaveTo(client, account);
    const { vault } = await admitToVault(store, installation, account, fromBase64url(answer.storage_share).buffer);
    await store.write(["current"], ({ current }) => current.put(account, "account"));
    client.waiting = vault === "locked" ? answer : null;
    if (vault !== "locked") await keep(client, vault, answer);
    await client.load(vault === "locked" ? undefined : vault);
    if (vault !== "locked") client.tokens.take(answer);
    client.tabs?.tell({ type: "load" });
    if (replaced) client.call("POST", "/api/sign-out", { refresh_token: replaced }).catch(() => undefined);
  });
}

/**
 * Keep the tokens of an answer. Where the disk is full, what is kept already goes on counting.
 * @param {Client} client
 * @param {Vault} vault
 * @param {any} answer of a sign-in or a refresh.
 */
export async function keep(client, vault, answer) {
  /** @type {Stored} */
  const stored = {
    refreshToken: answer.refresh_token,
    account: answer.account,
    session: answer.session,
    offlineScopes: answer.offline_scopes ?? [],
  };
  const seen = heardNow(client.wire);
  try {
    await vault.put("session", stored);
    await vault.put("seen", seen);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
  }
  client.set({ account: stored.account, session: stored.session, offline: offlineOf(stored, seen) });
}

/**
 * Open the vault by the secret of a passkey.
 * @param {Client} client
 * @param {ArrayBuffer} secret
 * @throws {CoatcheckError} `wrong_passkey`
 */
export async function openWith(client, secret) {
  return client.alone(async () => {
    const account = await client.store?.get("current", "account");
    if (!client.store || !client.installation || !account) return client.load();
    const vault = await openVault(client.store, client.installation, account, secret).catch(() => {
      throw new CoatcheckError({ code: "wrong_passkey" });
    });
    // Another tab may have signed somebody else in meanwhile: their vault takes no session but their own.
    const answer = client.waiting?.account.id === account ? client.waiting : null;
    client.waiting = null;
    if (!(vault instanceof Vault)) return client.load();
    if (answer !== null) await keep(client, vault, answer);
    await client.goOnWith(vault);
    if (answer !== null) client.tokens.take(answer);
  });
}

/**
 * Take in that the session has ended: what is stored stays sealed until the same person signs in again.
 * @param {Client} client
 */
export async function end(client) {
  const { store, vault } = client;
  if (store && vault) {
    // Where the disk takes nothing, not even that the share is gone, the session goes all the same.
    const drop = () => store.write(["records"], ({ records }) => records.delete([vault.account, "session"]));
    await endVault(store, vault.account).catch(drop);
  }
  await dropPersonal();
  await client.load();
  client.tabs?.tell({ type: "load" });
}

/**
 * Erase all that is stored of whoever is signed in here.
 * @param {Client} client
 */
export async function erase(client) {
  const account = client.state.account?.id ?? (await client.store?.get("current", "account"));
  if (client.store && account) await eraseVault(client.store, account);
  await dropPersonal();
  await client.leaveCookie();
  await client.load();
  client.tabs?.tell({ type: "load" });
}

/**
 * Leave whoever is signed in here; if it is somebody else, their data stays sealed.
 * @param {Client} client
 * @param {string} account
 * @returns {Promise<string | undefined>} what ends the session there was, once there is another one.
 */
async function leaveTo(client, account) {
  const stored = await (await client.now())?.get("session");
  const former = await client.store?.get("current", "account");
  if (client.store && former && former !== account) {
    await endVault(client.store, former);
    await dropPersonal();
  }
  return stored?.refreshToken;
}
