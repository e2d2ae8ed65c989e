// The vault of one account: all that is kept of a person in this browser, sealed.
//
//     records ← data key ← wrapped under the server's share [and a passkey's secret] ← sealed by this browser's key
//
// The share comes with a sign-in and each refresh, and is erased when the session ends: then nothing opens the data
// until the same person signs in again, who gets the same share. What is stored opens nothing elsewhere, as this
// browser's key does not leave it; where a passkey is needed too, neither does a copy of the browser's own files.

import { randomBytes, randomNumber } from "./bytes.js";
import { asKey, derive, seal, sealBytes, unseal, unsealBytes } from "./seal.js";
import { ifThere, recordsOf } from "./store.js";

/** @typedef {import("./installation.js").Installation} Installation */
/** @typedef {import("./seal.js").Sealed} Sealed */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Stores} Stores */
/** @typedef {{ rpId: string, credentialId: string, salt: string }} Unlock which passkey opens it, asked for what. */

/**
 * @typedef {object} Kept
 * @property {string} account
 * @property {Sealed | null} share null since the session ended.
 * @property {Sealed} wrapped the data key.
 * @property {Unlock | null} unlock
 * @property {number} version
 */

/** An open vault. */
export class Vault {
  #store;

  /**
   * @param {Store} store
   * @param {string} account
   * @param {CryptoKey} key what the data is sealed by; other tabs of this browser may have it, nobody can export it.
   * @param {number} version of this key, drawn; what is sealed by a former key is not written any more.
   */
  constructor(store, account, key, version) {
    this.#store = store;
    this.account = account;
    this.key = key;
    this.version = version;
  }

  /**
   * Seal a value for a place in this vault.
   * @param {string} place
   * @param {unknown} value
   */
  seal(place, value) {
    return seal(this.key, `${this.account} ${place}`, value);
  }

  /**
   * Give a value that was sealed for a place in this vault.
   * @param {string} place
   * @param {Sealed} kept
   */
  unseal(place, kept) {
    return unseal(this.key, `${this.account} ${place}`, kept);
  }

  /**
   * Give the value that is kept under a name; undefined where there is none.
   * @param {string} name
   */
  async get(name) {
    const kept = await this.#store.get("records", [this.account, name]);
    return kept && this.unseal(name, kept);
  }

  /**
   * Keep a value under a name.
   * @param {string} name
   * @param {unknown} value
   * @throws {DOMException} `AbortError` where the vault was ended, erased or sealed anew meanwhile.
   */
  async put(name, value) {
    const sealed = await this.seal(name, value);
    await this.write(["records"], ({ records }) => records.put({ account: this.account, name, ...sealed }));
  }

  /**
   * Keep nothing under a name.
   * @param {string} name
   */
  async delete(name) {
    await this.write(["records"], ({ records }) => records.delete([this.account, name]));
  }

  /**
   * Write what was sealed by this vault, if it is still the one of its account.
   * @param {import("./store.js").Name[]} names
   * @param {(stores: Record<import("./store.js").Name, IDBObjectStore>) => void} work
   */
  async write(names, work) {
    await navigator.locks.request(lockOf(this.#store), { mode: "shared" }, () =>
      this.#store.write([...names, "accounts"], (stores) => ifThere(stores, this, work)),
    );
  }
}

/**
 * Open the vault of an account by what this browser has.
 * @param {Store} store
 * @param {Installation} by
 * @param {string} account
 * @param {ArrayBuffer} [secret] the passkey's, where it needs one.
 * @returns {Promise<Vault | "locked" | "ended" | "none">} `locked`: a passkey is needed.
 * @throws {DOMException} where the secret is another one.
 */
export async function openVault(store, by, account, secret) {
  /** @type {Kept | undefined} */
  const kept = await store.get("accounts", account);
  if (kept === undefined) return "none";
  if (kept.share === null) return "ended";
  if (kept.unlock !== null && secret === undefined) return "locked";
  const share = await unsealBytes(by.seal, placeOfShare(account), kept.share);
  return new Vault(store, account, await asKey(await unwrap(by, kept, share, secret)), kept.version);
}

/**
 * Open the vault of whoever signed in or refreshed, with the share that the server gave; the first time it is made.
 * @param {Store} store
 * @param {Installation} by
 * @param {string} account
 * @param {ArrayBuffer} share
 * @returns {Promise<{ vault: Vault | "locked", isLost: boolean }>} what another share had sealed is lost.
 */
export async function admitToVault(store, by, account, share) {
  /** @type {Kept | undefined} */
  const kept = await store.get("accounts", account);
  if (kept !== undefined) {
    const sealed = await sealBytes(by.seal, placeOfShare(account), share);
    if (kept.unlock !== null) {
      await store.change("accounts", account, (former) => ({ ...former, share: sealed }));
      return { vault: "locked", isLost: false };
    }
    try {
      const key = await asKey(await unwrap(by, kept, share));
      await store.change("accounts", account, (former) => ({ ...former, share: sealed }));
      return { vault: new Vault(store, account, key, kept.version), isLost: false };
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "OperationError")) throw error;
    }
  }
  return { vault: await newVault(store, by, account, share), isLost: kept !== undefined };
}

/**
 * Erase what opens the vault of an account: the data stays, for the same person to come back to.
 * @param {Store} store
 * @param {string} account
 */
export async function endVault(store, account) {
  await store.write(["accounts", "records"], ({ accounts, records }) => {
    records.delete([account, "session"]);
    const asked = accounts.get(account);
    asked.onsuccess = () => asked.result && accounts.put({ ...asked.result, share: null });
  });
}

/**
 * Erase all that is kept of an account.
 * @param {Store} store
 * @param {string} account
 */
export async function eraseVault(store, account) {
  await store.write(["accounts", "records", "queue", "current"], ({ accounts, records, queue, current }) => {
    accounts.delete(account);
    records.delete(recordsOf(account));
    dropQueue(queue, account);
    const whose = current.get("account");
    whose.onsuccess = () => whose.result === account && current.delete("account");
  });
}

/**
 * Seal an open vault anew, so that a passkey is needed from now on; null takes that back.
 *
 * All of it gets a new key: what a browser leaves on the disk of the old one opens nothing that is written from now on.
 * @param {Store} store
 * @param {Installation} by
 * @param {Vault} vault
 * @param {Unlock | null} unlock
 * @param {ArrayBuffer} [secret] the passkey's.
 * @returns {Promise<Vault>}
 */
export async function resealVault(store, by, vault, unlock, secret) {
  return navigator.locks.request(lockOf(store), () => reseal(store, by, vault, unlock, secret));
}

/**
 * @param {Store} store
 * @param {Installation} by
 * @param {Vault} vault
 * @param {Unlock | null} unlock
 * @param {ArrayBuffer} [secret]
 */
async function reseal(store, by, vault, unlock, secret) {
  const { account } = vault;
  /** @type {Kept | undefined} */
  const kept = await store.get("accounts", account);
  if (!kept?.share || kept.version !== vault.version) throw new DOMException("the vault has changed", "AbortError");
  const share = await unsealBytes(by.seal, placeOfShare(account), kept.share);
  const { key, wrapped } = await newKey(by, account, share, secret);
  const next = new Vault(store, account, key, randomNumber());
  /** @type {(place: string) => (each: any) => Promise<any>} */
  const anew = (place) => async (each) => ({
    ...each,
    ...(await next.seal(place || each.name, await vault.unseal(place || each.name, each))),
  });
  const records = await Promise.all((await store.all("records", recordsOf(account))).map(anew("")));
  const queue = await Promise.all((await store.queueOf(account)).map(anew("queue")));
  const change = (/** @type {Stores} */ stores) => {
    stores.accounts.put({ ...kept, wrapped, unlock, version: next.version });
    for (const each of records) stores.records.put(each);
    for (const each of queue) stores.queue.put(each);
  };
  await store.write(["accounts", "records", "queue"], (stores) => ifThere(stores, vault, change));
  return next;
}

/**
 * @param {Store} store
 * @param {Installation} by
 * @param {string} account
 * @param {ArrayBuffer} share
 */
async function newVault(store, by, account, share) {
  const [{ key, wrapped }, version] = [await newKey(by, account, share), randomNumber()];
  const sealed = await sealBytes(by.seal, placeOfShare(account), share);
  await store.write(["accounts", "records", "queue"], ({ accounts, records, queue }) => {
    accounts.put({ account, share: sealed, wrapped, unlock: null, version });
    records.delete(recordsOf(account));
    dropQueue(queue, account);
  });
  return new Vault(store, account, key, version);
}

/**
 * @param {Installation} by
 * @param {string} account
 * @param {ArrayBuffer} share
 * @param {ArrayBuffer} [secret]
 */
async function newKey(by, account, share, secret) {
  const bytes = randomBytes(32);
  const under = await sealBytes(await wrapping(share, secret), placeOfKey(account), bytes);
  const both = await new Blob([under.iv, under.sealed]).arrayBuffer();
  return { key: await asKey(bytes), wrapped: await sealBytes(by.seal, placeOfKey(account), both) };
}

/**
 * @param {Installation} by
 * @param {Kept} kept
 * @param {ArrayBuffer} share
 * @param {ArrayBuffer} [secret]
 */
async function unwrap(by, kept, share, secret) {
  const both = await unsealBytes(by.seal, placeOfKey(kept.account), kept.wrapped);
  const under = { iv: new Uint8Array(both, 0, 12), sealed: both.slice(12) };
  return unsealBytes(await wrapping(share, secret), placeOfKey(kept.account), under);
}

/**
 * @param {ArrayBuffer} share
 * @param {ArrayBuffer} [secret]
 */
const wrapping = (share, secret) => derive("coatcheck data key", secret === undefined ? [share] : [share, secret]);

/**
 * @param {IDBObjectStore} queue
 * @param {string} account
 */
function dropQueue(queue, account) {
  const walk = queue.openCursor();
  walk.onsuccess = () => {
    if (walk.result?.value.account === account) walk.result.delete();
    walk.result?.continue();
  };
}

/**
 * Give the name of the lock under which a vault is sealed anew; whoever writes sealed things shares it.
 * @param {Store} store
 */
export const lockOf = (store) => `${store.name} vault`;

/** @param {string} account */
const placeOfShare = (account) => `${account} share`;

/** @param {string} account */
const placeOfKey = (account) => `${account} key`;
