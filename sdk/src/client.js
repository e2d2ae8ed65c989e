// One browser's side of one issuer: who is signed in here, in all tabs alike.
//
//     open → load → signed_out | signed_in | locked | ended
//
// What changes that is in session.js; it runs alone among all tabs, and tells the others.

import { CoatcheckError } from "./errors.js";
import { openInstallation } from "./installation.js";
import { moveTimeOn, offlineOf, Watch } from "./offline.js";
import { stateOfQueue } from "./queue_kept.js";
import { isCookieOnly, noteCookieOnly } from "./room.js";
import { NOBODY, same } from "./state.js";
import { Store } from "./store.js";
import { Tabs } from "./tabs.js";
import { Tokens } from "./tokens.js";
import { openVault, Vault } from "./vault.js";
import { Wire } from "./wire.js";

/** @typedef {import("./installation.js").Installation} Installation */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Stored} Stored */

const NEVER = { heard: 0, at: 0, ahead: 0 };
const MOVE_ON_MS = 60_000;

/** Whoever is signed in at one issuer, in one tab. */
export class Client {
  wire = new Wire();
  tokens = new Tokens(this);
  watch = new Watch();
  /** @type {import("./queue.js").Queue | null} */
  queue = null;
  /** @type {State} */
  state = NOBODY;
  /** @type {Store | null} */
  store = null;
  /** @type {Installation | null} */
  installation = null;
  /** @type {Vault | null} */
  vault = null;
  /** Whether this browser has a cookie in place of tokens, for want of room. */
  hasCookieOnly = false;
  /** @type {((asked: CoatcheckError) => unknown) | undefined} lets the person confirm who they are. */
  confirm;
  /** @type {any} the answer of a sign-in that waits for its vault to be unlocked. */
  waiting = null;
  /** @type {Tabs | null} */
  tabs = null;
  #closed = new AbortController();
  /** @type {Promise<void>} */
  #loading = Promise.resolve();

  /**
   * @param {string} issuer the address of Coatcheck, with its mount.
   * @param {string | undefined} audience the one service that tokens are to be for.
   * @param {(change: State) => void} onChange
   */
  constructor(issuer, audience, onChange) {
    this.issuer = issuer.replace(/\/+$/, "");
    this.audience = audience;
    this.onChange = onChange;
  }

  /** What narrows the tokens that are asked for. */
  get narrowed() {
    return this.audience === undefined ? {} : { audience: this.audience };
  }

  /** Whether tokens are kept here; else the browser has a plain session cookie. */
  get hasTokens() {
    return this.store !== null && !this.hasCookieOnly;
  }

  /** Find who is signed in here. The network is not needed, but where only a cookie is left. */
  async open() {
    try {
      if (!Tabs.arePossible) throw new DOMException("no locks", "NotSupportedError");
      const store = new Store(`coatcheck ${this.issuer}`);
      this.installation = await openInstallation(store);
      this.store = store;
      this.tabs = new Tabs(store.name, (message) => this.#hear(message));
      this.tabs.tell({ type: "open?" });
    } catch {
      this.store?.close(); // blocked, a private window, or out of room
      this.store = null;
    }
    this.#watchNetwork();
    this.hasCookieOnly = isCookieOnly(this.issuer);
    await this.load();
    if (this.state.status === "signed_out" && this.state.online) await this.leaveCookie();
    const moving = setInterval(() => moveTimeOn(this), MOVE_ON_MS);
    this.#closed.signal.addEventListener("abort", () => clearInterval(moving));
    await moveTimeOn(this);
  }

  /** Let go of everything; nothing is signed out by it. */
  close() {
    this.#closed.abort();
    this.queue?.close();
    this.tabs?.close();
    this.store?.close();
  }

  /**
   * Send JSON to the server of Coatcheck. Where this browser holds a key, it is proven.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {{ token?: string, isProven?: boolean }} [how]
   * @returns {Promise<any>}
   * @throws {CoatcheckError}
   */
  async call(method, path, body, { token, isProven = this.hasTokens } = {}) {
    const by = isProven && this.installation ? this.installation : undefined;
    return this.watched(this.wire.call(method, this.issuer + path, body, { by, token }));
  }

  /**
   * Take note of whether the server could be reached.
   * @template Answer
   * @param {Promise<Answer>} asking
   * @returns {Promise<Answer>}
   */
  async watched(asking) {
    try {
      const answer = await asking;
      this.set({ online: true });
      return answer;
    } catch (error) {
      if (error instanceof CoatcheckError) this.set({ online: error.kind !== "offline" });
      throw error;
    }
  }

  /**
   * Run something that changes the session, alone among all tabs.
   * @template Result
   * @param {() => Promise<Result>} work
   * @returns {Promise<Result>}
   */
  alone(work) {
    return this.tabs ? this.tabs.alone(work) : work();
  }

  /**
   * Find out anew who is signed in here, from what is stored; one after the other, so that the last one knows best.
   * @param {Vault} [open] one that is open already, if it is still the right one.
   */
  load(open) {
    this.#loading = this.#loading.catch(() => undefined).then(() => this.#load(open));
    return this.#loading;
  }

  /**
   * Give the vault as it is by now, whatever other tabs have done. The caller is alone among all tabs.
   * @returns {Promise<Vault | null>}
   */
  async now() {
    const mine = this.vault;
    const kept = mine && (await this.store?.get("accounts", mine.account));
    if (kept?.share && kept.version !== mine?.version) {
      await this.tabs?.ask({ type: "open?" }, () => this.vault?.version === kept.version); // sealed anew by another tab
    }
    await this.load(this.vault ?? undefined);
    return this.vault;
  }

  /**
   * Go on with a vault that was opened, or sealed anew, in all tabs.
   * @param {Vault} vault
   */
  async goOnWith(vault) {
    await this.load(vault);
    this.tabs?.tell({ type: "open", vault: told(vault) });
  }

  /** @param {Vault} [open] */
  async #load(open) {
    if (!this.hasTokens || this.store === null || this.installation === null) return this.#loadCookie();
    const account = await this.store.get("current", "account");
    if (!account) return this.#become(null, { status: "signed_out" });
    const kept = await this.store.get("accounts", account);
    const isRight = open?.account === account && open?.version === kept?.version && kept?.share;
    const opened = isRight && open ? open : openVault(this.store, this.installation, account);
    const vault = await Promise.resolve(opened).catch(orEnded);
    const queue = await stateOfQueue(this.store, account, vault instanceof Vault ? vault : null);
    if (vault === "none") return this.#become(null, { status: "signed_out" });
    if (!(vault instanceof Vault)) return this.#become(null, { status: vault, queue });
    /** @type {Stored | undefined} */
    const stored = await vault.get("session");
    if (!stored) return this.#become(null, { status: "ended", queue });
    return this.#signedIn(vault, stored, { protection: kept.unlock === null ? "device" : "passkey", queue });
  }

  /**
   * Change the state, and say so.
   * @param {Partial<State>} changes
   */
  set(changes) {
    const names = /** @type {(keyof State)[]} */ (Object.keys(changes));
    if (names.every((name) => same(this.state[name], changes[name]))) return;
    this.state = Object.freeze({ ...this.state, ...changes });
    this.onChange(this.state);
    this.queue?.wake();
  }

  /**
   * @param {Vault} vault
   * @param {Stored} stored
   * @param {Partial<State>} state
   */
  async #signedIn(vault, stored, state) {
    const { account, session } = stored;
    const seen = (await vault.get("seen")) ?? NEVER;
    this.wire.ahead ||= seen.ahead;
    const offline = offlineOf(stored, this.watch.moveOn(seen));
    this.#become(vault, { status: "signed_in", account, session, offline, ...state });
  }

  /**
   * @param {Vault | null} vault
   * @param {Partial<State>} state
   */
  #become(vault, state) {
    if (vault?.account !== this.vault?.account || vault === null) this.tokens.drop();
    this.vault = vault;
    const protection = this.hasTokens ? "device" : "none";
    this.set({ ...NOBODY, online: this.state.online, protection, ...state });
  }

  async #loadCookie() {
    try {
      const { account, session } = await this.call("GET", "/api/session");
      this.#become(null, { status: "signed_in", account, session });
    } catch (error) {
      if (!(error instanceof CoatcheckError)) throw error;
      if (error.status === 401) this.#become(null, { status: "signed_out" });
    }
  }

  /** Go back to tokens, where there was a cookie for want of room. */
  async leaveCookie() {
    if (!this.hasCookieOnly) return;
    this.hasCookieOnly = false;
    noteCookieOnly(this.issuer, false);
    await this.load();
  }

  /** Go by the browser's word that there is no network, and try when it says that there is one again. */
  #watchNetwork() {
    const { signal } = this.#closed;
    this.set({ online: navigator.onLine });
    addEventListener("offline", () => this.set({ online: false }), { signal });
    addEventListener("online", () => this.vault && this.tokens.refresh().catch(() => undefined), { signal });
  }

  /** @param {any} message of another tab. */
  #hear(message) {
    const { tokens, vault } = this;
    if (message.type === "access") tokens.hear(message.access);
    else if (message.type === "access?" && tokens.shown) this.tabs?.tell({ type: "access", access: tokens.shown });
    else if (message.type === "open?" && vault) this.tabs?.tell({ type: "open", vault: told(vault) });
    else if (message.type === "load") {
      this.hasCookieOnly = isCookieOnly(this.issuer);
      this.load(vault ?? undefined);
    } else if (message.type === "queue") this.queue?.hear(message.progress);
    else if (message.type === "open" && message.vault && this.store) {
      const { account, key, version } = message.vault;
      if (vault?.version !== version) this.load(new Vault(this.store, account, key, version));
    }
  }
}

/**
 * What this browser's keys do not open is as good as ended: it came from elsewhere, or the browser has lost some of it.
 * @param {unknown} error
 * @returns {"ended"}
 */
function orEnded(error) {
  if (error instanceof DOMException && error.name === "OperationError") return "ended";
  throw error;
}

/** @param {Vault} vault */
const told = (vault) => ({ account: vault.account, key: vault.key, version: vault.version });
