// What an app keeps of a person in this browser: sealed, for that person alone, gone when they sign out.

import { withVault } from "./with_vault.js";

/** @typedef {import("./client.js").Client} Client */

/** Values under names, of whoever is signed in. */
export class Data {
  #client;

  /** @param {Client} client */
  constructor(client) {
    this.#client = client;
  }

  /**
   * Give what is kept under a name; undefined where nothing is.
   * @param {string} name
   * @returns {Promise<any>}
   * @throws {import("./errors.js").CoatcheckError} `not_signed_in`, `locked`, `no_storage`
   */
  get(name) {
    return withVault(this.#client, (vault) => vault.get(placeOf(name)));
  }

  /**
   * Keep a JSON value under a name; the name itself can be read by whoever has this browser's files.
   * @param {string} name
   * @param {unknown} value
   * @throws {import("./errors.js").CoatcheckError} `no_room`, and as `get`
   */
  async put(name, value) {
    if (JSON.stringify(value) === undefined) throw new TypeError(`what is kept under ${name} must be a JSON value`);
    await withVault(this.#client, (vault) => vault.put(placeOf(name), value));
  }

  /**
   * Keep nothing under a name.
   * @param {string} name
   * @throws {import("./errors.js").CoatcheckError} as `get`
   */
  async delete(name) {
    await withVault(this.#client, (vault) => vault.delete(placeOf(name)));
  }
}

/** @param {string} name */
const placeOf = (name) => `data:${name}`;
