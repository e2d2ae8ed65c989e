// Coatcheck in a browser: sign-in, requests with tokens that count in this browser alone, and work without the network.

import { Client } from "./client.js";
import { Data } from "./data.js";
import { sendAs } from "./fetch.js";
import { mayOffline } from "./offline.js";
import { Queue } from "./queue.js";
import { Socket } from "./socket.js";
import { comeBack, leaveFor } from "./provider.js";
import * as steps from "./sign_in.js";
import { signOut } from "./sign_out.js";
import * as passkeys from "./unlock.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./errors.js").CoatcheckError} CoatcheckError */
/** @typedef {steps.MoreNeeded} MoreNeeded */
/** @typedef {steps.Outcome} Outcome */

/**
 * @typedef {object} Options
 * @property {string} issuer the address of Coatcheck, with its mount.
 * @property {string} [audience] the one service that tokens are to be for.
 * @property {string[]} [origins] where requests may take a token to; the issuer's and the page's own when left out.
 * @property {(asked: CoatcheckError, coatcheck: Coatcheck) => unknown} [confirm] lets the person confirm who they
 *   are, by `stepUp`, where a request asks for it (`asked.challenge`); then it is sent again. To call it off, throw.
 */

/** Where this code is: built, the one module that pages and workers both load. */
export const LOADED_FROM = import.meta.url;

/** Fires `change` when `state` has changed, and `queue` when something has become of a request that waits. */
export class Coatcheck extends EventTarget {
  #client;
  #origins;

  /** @param {Options} options */
  constructor({ issuer, audience, origins, confirm }) {
    super();
    this.#client = new Client(issuer, audience, () => this.dispatchEvent(new Event("change")));
    if (confirm) this.#client.confirm = (asked) => confirm(asked, this);
    this.#origins = new Set(origins ?? [new URL(issuer).origin, globalThis.location.origin]);
    this.queue = new Queue(this.#client, this.#origins, (detail) =>
      this.dispatchEvent(new CustomEvent("queue", { detail })),
    );
    this.#client.queue = this.queue;
    this.data = new Data(this.#client);
  }

  /**
   * Find who is signed in in this browser, from what is stored; the network is not needed.
   * @param {Options} options
   */
  static async open(options) {
    const opened = new Coatcheck(options);
    await opened.#client.open();
    return opened;
  }

  /** @returns {Readonly<State>} */
  get state() {
    return this.#client.state;
  }

  /**
   * Send a request as whoever is signed in, as `window.fetch` does.
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   * @throws {CoatcheckError}
   */
  async fetch(input, init) {
    return sendAs(this.#client, new Request(input, init), this.#origins);
  }

  /**
   * Tell whether something may be done without the server, by whoever is signed in.
   * @param {string} scope
   */
  mayOffline(scope) {
    return mayOffline(this.state, scope);
  }

  /**
   * Open a WebSocket as whoever is signed in; it opens itself again until it is closed or the session has ended.
   * @param {string | URL} url
   * @param {string | string[]} [protocols]
   */
  socket(url, protocols) {
    return new Socket(this.#client, this, url, protocols, this.#origins);
  }

  /**
   * Sign in by a name, at best with the password.
   * @param {Parameters<typeof steps.signIn>[1]} who
   * @returns {Promise<Outcome>}
   * @throws {CoatcheckError} `invalid_credentials`
   */
  signIn(who) {
    return steps.signIn(this.#client, who);
  }

  /**
   * Sign in by a passkey; `conditional` offers it where a name is typed, as long as it takes.
   * @param {Parameters<typeof steps.signInWithPasskey>[1]} [who]
   * @returns {Promise<Outcome>}
   * @throws {CoatcheckError} `called_off`, `passkey_unknown`
   */
  signInWithPasskey(who) {
    return steps.signInWithPasskey(this.#client, who);
  }

  /**
   * Leave the page for a provider, where the person signs in; `comeBack` goes on.
   * @param {Parameters<typeof leaveFor>[1]} how
   */
  leaveFor(how) {
    return leaveFor(this.#client, how);
  }

  /**
   * Go on with a sign-in that has come back from a provider. Call it at each start of the page.
   * @returns {Promise<Outcome | null>} null where none has.
   * @throws {CoatcheckError} `sign_in_gone`
   */
  comeBack() {
    return comeBack(this.#client);
  }

  /**
   * Begin to confirm that it is still the same person; `start` and `prove` go on.
   * @param {Parameters<typeof steps.stepUp>[1]} [wanted]
   * @returns {Promise<MoreNeeded>}
   */
  stepUp(wanted) {
    return steps.stepUp(this.#client, wanted);
  }

  /**
   * Start a factor that has something to send or show first: `email_code`, `enrol_totp`.
   * @param {MoreNeeded} more
   * @param {steps.Factor} factor
   * @returns {Promise<any>}
   */
  start(more, factor) {
    return steps.start(this.#client, more, factor);
  }

  /**
   * Prove a factor: by the password or code, of passkeys by nothing.
   * @param {MoreNeeded} more
   * @param {steps.Factor} factor
   * @param {Parameters<typeof steps.prove>[3]} [proof]
   * @returns {Promise<Outcome>}
   * @throws {CoatcheckError} `invalid_code` with `problem.tries_left`: the same `more` may be tried again.
   */
  prove(more, factor, proof) {
    return steps.prove(this.#client, more, factor, proof);
  }

  /**
   * Ask for an account; the mail says the rest.
   * @param {Parameters<typeof steps.signUp>[1]} who
   */
  signUp(who) {
    return steps.signUp(this.#client, who);
  }

  /**
   * Confirm an account by the token of the mailed link.
   * @param {Parameters<typeof steps.confirmSignUp>[1]} link
   */
  confirmSignUp(link) {
    return steps.confirmSignUp(this.#client, link);
  }

  /**
   * Sign out. What is stored goes even where the server cannot be told.
   * @param {Parameters<typeof signOut>[1]} [where]
   * @throws {CoatcheckError} `offline` where all sessions were to end, and nothing has changed.
   */
  signOut(where) {
    return signOut(this.#client, where);
  }

  /**
   * Add a passkey to the account.
   * @param {passkeys.Name} [how]
   * @throws {CoatcheckError} `called_off`, `passkey_exists`
   */
  addPasskey(how) {
    return passkeys.addPasskey(this.#client, how);
  }

  /**
   * Let a passkey of this device be needed to open what is stored here.
   * @param {passkeys.Name} [how]
   * @throws {CoatcheckError} `no_prf` where this device's passkeys cannot do that, `called_off`
   */
  protectByPasskey(how) {
    return passkeys.protectByPasskey(this.#client, how);
  }

  /**
   * Open what is stored by its passkey; the network is not needed.
   * @throws {CoatcheckError} `called_off`, `wrong_passkey`
   */
  unlock() {
    return passkeys.unlock(this.#client);
  }

  /** Let what is stored open by itself again. */
  unprotect() {
    return passkeys.unprotect(this.#client);
  }

  /** Let go of everything; nothing is signed out by it. */
  close() {
    this.#client.close();
  }
}
