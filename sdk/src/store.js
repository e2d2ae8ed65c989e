// What lasts: IndexedDB, in promises. A write is over when it is on the disk.

/** @typedef {"keys" | "accounts" | "records" | "queue" | "current"} Name */
/** @typedef {Record<Name, IDBObjectStore>} Stores */

const VERSION = 1;
const ROOM = 32_768; // bytes
const FULL = new Set(["QuotaExceededError", "UnknownError"]); // the latter is the disk itself
/** @type {Record<Name, IDBObjectStoreParameters>} */
const STORES = {
  keys: {}, // "installation" → the keys that never leave this browser
  accounts: { keyPath: "account" }, // how the data of each account is sealed
  records: { keyPath: ["account", "name"] }, // sealed
  queue: { keyPath: "id", autoIncrement: true }, // sealed, in the order in which it is sent, found by account
  current: {}, // "account" → whose session this browser has
};

/** The database of one issuer in this browser. */
export class Store {
  /** @type {IDBDatabase | null} */
  #database = null;

  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  /**
   * Open it, and see whether it can be written.
   * @throws {DOMException} where the browser has none, blocks it, or is out of room.
   */
  async open() {
    await this.#open();
  }

  /**
   * Read one value.
   * @param {Name} name
   * @param {IDBValidKey} key
   * @returns {Promise<any>} undefined where there is none.
   */
  async get(name, key) {
    return this.#ask(name, "readonly", (store) => store.get(key));
  }

  /**
   * Read all values in a range of keys, in their order.
   * @param {Name} name
   * @param {IDBKeyRange} [range]
   * @returns {Promise<any[]>}
   */
  async all(name, range) {
    return this.#ask(name, "readonly", (store) => store.getAll(range));
  }

  /**
   * Read all that waits in the queue of an account, or the first of it, in its order.
   * @param {string} account
   * @param {number} [most]
   * @returns {Promise<any[]>}
   */
  async queueOf(account, most) {
    return this.#ask("queue", "readonly", (store) => store.index("account").getAll(account, most));
  }

  /**
   * Count what waits in the queue of an account.
   * @param {string} account
   * @returns {Promise<number>}
   */
  async queueLength(account) {
    return this.#ask("queue", "readonly", (store) => store.index("account").count(account));
  }

  /**
   * Write in one transaction: all of it or nothing. Nothing may be awaited in between.
   * @param {Name[]} names
   * @param {(stores: Record<Name, IDBObjectStore>) => void} work
   */
  async write(names, work) {
    const transaction = (await this.#open()).transaction(names, "readwrite", { durability: "strict" });
    const over = finished(transaction);
    try {
      work(/** @type {any} */ (Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)]))));
    } catch (error) {
      transaction.abort();
      await over.catch(() => undefined);
      throw error;
    }
    await over;
  }

  /**
   * Change one value by what it is now: of many at once each sees what the one before has left.
   * @template Value
   * @param {Name} name
   * @param {IDBValidKey} key
   * @param {(former: any) => Value} change
   * @returns {Promise<Value>} what is kept from now on.
   */
  async change(name, key, change) {
    const transaction = (await this.#open()).transaction(name, "readwrite", { durability: "strict" });
    const over = finished(transaction);
    const store = transaction.objectStore(name);
    /** @type {any} */
    let changed;
    const asked = store.get(key);
    asked.onsuccess = () => {
      changed = change(asked.result);
      store.put(changed, ...(store.keyPath === null ? [key] : []));
    };
    await over;
    return changed;
  }

  /** Tell whether there is room for a sign-in. */
  async hasRoom() {
    try {
      await this.write(["keys"], ({ keys }) => {
        keys.put(new Uint8Array(ROOM), "room");
        keys.delete("room");
      });
      return true;
    } catch (error) {
      if (error instanceof DOMException && FULL.has(error.name)) return false;
      throw error;
    }
  }

  /** Let go of it. */
  close() {
    this.#database?.close();
    this.#database = null;
  }

  /**
   * @param {Name} name
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest} question
   */
  async #ask(name, mode, question) {
    return answered(question((await this.#open()).transaction(name, mode).objectStore(name)));
  }

  async #open() {
    if (this.#database === null) {
      const asked = indexedDB.open(this.name, VERSION);
      asked.onupgradeneeded = () => {
        for (const [name, options] of Object.entries(STORES)) asked.result.createObjectStore(name, options);
        asked.transaction?.objectStore("queue").createIndex("account", "account");
      };
      const database = await answered(asked);
      // Another version, or somebody who clears the site's data, must not wait for us; the next call opens it anew.
      database.onversionchange = () => this.close();
      database.onclose = () => (this.#database = null);
      this.#database = database;
    }
    return this.#database;
  }
}

/**
 * Write within a transaction if a vault is still the one of its account; else all of the transaction is given up.
 * @param {Stores} stores
 * @param {{ account: string, version: number }} vault
 * @param {(stores: Stores) => void} work
 */
export function ifThere(stores, { account, version }, work) {
  const asked = stores.accounts.get(account);
  asked.onsuccess = () => {
    if (asked.result?.version === version && asked.result.share !== null) work(stores);
    else asked.transaction?.abort();
  };
}

/**
 * Give the range of all records of an account.
 * @param {string} account
 */
export const recordsOf = (account) => IDBKeyRange.bound([account], [account, []]);

/**
 * @template Answer
 * @param {IDBRequest<Answer>} request
 * @returns {Promise<Answer>}
 */
function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @param {IDBTransaction} transaction
 * @returns {Promise<void>}
 */
function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException("the write was given up", "AbortError"));
  });
}
