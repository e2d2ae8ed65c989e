// The queue as it is kept: sealed requests of one account, in the order in which they were added.

import { CoatcheckError } from "./errors.js";
import { lockOf } from "./vault.js";
import { withVault } from "./with_vault.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./vault.js").Vault} Vault */
/** @typedef {import("./waiting.js").Stopped} Stopped */
/** @typedef {import("./waiting.js").Waiting} Waiting */
/** @typedef {{ waiting: number, stopped: (Stopped & { id: number }) | null }} QueueState */
/** @typedef {{ id: number, account: string, waiting: Waiting }} Kept */

const MOST = 500;
const PLACE = "queue";
/** @type {QueueState} */
export const EMPTY = Object.freeze({ waiting: 0, stopped: null });

/**
 * Tell how the queue of an account stands.
 * @param {Store} store
 * @param {string} account
 * @param {Vault | null} vault null while it is sealed: then only the number is known.
 * @returns {Promise<QueueState>}
 */
export async function stateOfQueue(store, account, vault) {
  const waiting = await store.queueLength(account);
  const [first] = vault ? await store.queueOf(account, 1) : [];
  if (!vault || !first) return { waiting, stopped: null };
  /** @type {Waiting | null} */
  const head = await vault.unseal(PLACE, first).catch(() => null); // sealed anew just now: it is read again then
  return { waiting, stopped: head?.stopped ? { id: first.id, ...head.stopped } : null };
}

/**
 * Give all that waits for whoever is signed in, or the first of it.
 * @param {Client} client
 * @param {number} [most]
 * @returns {Promise<Kept[]>}
 */
export const allKept = (client, most) =>
  withVault(client, async (vault) => {
    const kept = (await client.store?.queueOf(vault.account, most)) ?? [];
    return Promise.all(kept.map((each) => opened(vault, each)));
  });

/**
 * Give one request of whoever is signed in.
 * @param {Client} client
 * @param {number} id
 * @throws {CoatcheckError} `not_in_queue`
 */
export const findKept = (client, id) =>
  withVault(client, async (vault) => {
    const kept = await client.store?.get("queue", id);
    if (kept?.account !== vault.account) throw new CoatcheckError({ code: "not_in_queue" });
    return opened(vault, kept);
  });

/**
 * Put a request at the end.
 * @param {Client} client
 * @param {Waiting} waiting
 * @returns {Promise<number>} its id.
 * @throws {CoatcheckError} `queue_full`
 */
export const append = (client, waiting) =>
  withVault(client, async (vault) => {
    const sealed = await vault.seal(PLACE, waiting);
    /** @type {number | undefined} */
    let id;
    await vault.write(["queue"], ({ queue }) => {
      const counted = queue.index("account").count(vault.account);
      counted.onsuccess = () => {
        if (counted.result >= MOST) return;
        const added = queue.add({ account: vault.account, ...sealed });
        added.onsuccess = () => (id = Number(added.result));
      };
    });
    if (id === undefined) throw new CoatcheckError({ code: "queue_full" });
    return id;
  });

/**
 * Keep a request as it is now, in its place.
 * @param {Client} client
 * @param {Kept} kept
 * @throws {CoatcheckError} `not_signed_in` where somebody else is by now.
 */
export const keep = (client, { id, account, waiting }) =>
  withVault(client, async (vault) => {
    if (vault.account !== account) throw new CoatcheckError({ code: "not_signed_in" });
    const sealed = await vault.seal(PLACE, waiting);
    await vault.write(["queue"], ({ queue }) => queue.put({ id, account, ...sealed }));
  });

/**
 * Take a request out, whoever is signed in by now: it was answered, or nobody wants it.
 * @param {Store} store
 * @param {number} id
 */
export const takeOut = (store, id) =>
  navigator.locks.request(lockOf(store), { mode: "shared" }, () =>
    store.write(["queue"], ({ queue }) => queue.delete(id)),
  );

/**
 * @param {Vault} vault
 * @param {any} kept
 * @returns {Promise<Kept>}
 */
const opened = async (vault, kept) => ({
  id: kept.id,
  account: kept.account,
  waiting: await vault.unseal(PLACE, kept),
});
