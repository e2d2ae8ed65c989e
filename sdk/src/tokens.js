// The tokens of a session: the access token in memory alone, the refresh token sealed, one refresh at a time.
//
// What is presented is always the refresh token that is stored. Its successor counts once it is stored: so an answer
// that gets lost, a tab that is closed or a disk that is full costs nothing, as the server gives the same one again.

import { CoatcheckError } from "./errors.js";
import { end, keep } from "./session.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {{ text: string, account: string, madeAt: number, expiresAt: number }} Access */

const EARLY_MS = 60_000;
const JITTER_MS = 30_000;

/** The tokens of a session, in one tab. */
export class Tokens {
  /** @type {Access | null} */
  #access = null;
  /** @type {Promise<string> | null} */
  #refreshing = null;
  #client;
  #jitter = Math.random() * JITTER_MS;

  /** @param {Client} client */
  constructor(client) {
    this.#client = client;
  }

  /** What other tabs are told; null where there is none that counts. */
  get shown() {
    return this.#access && this.#access.expiresAt > Date.now() ? this.#access : null;
  }

  /**
   * Give an access token that counts.
   * @returns {Promise<string>}
   * @throws {CoatcheckError}
   */
  async access() {
    const access = this.shown;
    if (access === null) return this.refresh();
    if (this.#isOld(access)) this.refresh().catch(() => undefined); // this one still counts
    return access.text;
  }

  /**
   * Get a new access token, whatever there is: of many calls at once, in all tabs, one asks the server.
   * @param {string} [refused] the access token that the new one is to replace; any that is newer will do.
   * @returns {Promise<string>}
   * @throws {CoatcheckError} `offline` and `busy` keep all as it is; `ended` has ended the session in all tabs.
   */
  refresh(refused = this.#access?.text) {
    this.#refreshing ??= this.#client.alone(() => this.#refresh(refused)).finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  /**
   * See to it that the session was found alive since a moment.
   * @param {number} moment in milliseconds by this device's clock.
   * @throws {CoatcheckError} as `refresh`.
   */
  async since(moment) {
    const isOlder = () => (this.shown?.madeAt ?? 0) < moment;
    if (isOlder()) await this.refresh(); // may bring what another tab had
    if (isOlder()) await this.refresh();
  }

  /**
   * Take the access token of an answer.
   * @param {any} answer of a sign-in or a refresh.
   */
  take(answer) {
    const madeAt = Date.now();
    const expiresAt = madeAt + answer.expires_in * 1000;
    this.drop(); // by a clock that was set back, the former one would look newer
    this.hear({ text: answer.access_token, account: answer.account.id, madeAt, expiresAt });
    this.#client.tabs?.tell({ type: "access", access: this.#access });
  }

  /**
   * Take the access token that another tab has got.
   * @param {Access} access
   */
  hear(access) {
    if (access.account !== this.#client.vault?.account) return;
    if (this.#access === null || access.madeAt > this.#access.madeAt) this.#access = access;
  }

  /** Forget the access token. */
  drop() {
    this.#access = null;
  }

  /** @param {string | undefined} refused */
  async #refresh(refused) {
    return this.#newer(refused) ?? (await this.#newerElsewhere(refused)) ?? this.renew();
  }

  /**
   * Get a new access token from the server, whatever other tabs have. The caller is alone among all tabs.
   * @returns {Promise<string>}
   * @throws {CoatcheckError}
   */
  async renew() {
    const { client, vault, stored } = await this.#stored();
    let answer;
    try {
      const asked = { refresh_token: stored.refreshToken, ...client.narrowed };
      answer = await client.call("POST", "/api/token/refresh", asked);
    } catch (error) {
      if (error instanceof CoatcheckError && error.kind === "ended") await end(client);
      throw error;
    }
    await keep(client, vault, answer);
    this.take(answer);
    return answer.access_token;
  }

  async #stored() {
    const client = this.#client;
    const vault = await client.now();
    const stored = vault && (await vault.get("session"));
    if (!vault || !stored) {
      throw new CoatcheckError({ code: "not_signed_in" });
    }
    return { client, vault, stored };
  }

  /** @param {string | undefined} refused */
  #newer(refused) {
    const access = this.shown;
    return access && access.text !== refused ? access.text : null;
  }

  /**
   * Ask the other tabs; one that sleeps does not answer.
   * @param {string | undefined} refused
   */
  async #newerElsewhere(refused) {
    if (!(await this.#client.tabs?.haveOthers())) return null;
    await this.#client.tabs?.ask({ type: "access?" }, () => this.#newer(refused) !== null);
    return this.#newer(refused);
  }

  /** @param {Access} access */
  #isOld({ madeAt, expiresAt }) {
    const early = Math.min(EARLY_MS + this.#jitter, (expiresAt - madeAt) / 3);
    return Date.now() > expiresAt - early;
  }
}
