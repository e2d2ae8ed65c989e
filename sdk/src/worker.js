// A service worker that lets an app start without the network: its shell is kept, and nothing else.
//
//     serveShell({ version: "7", shell: ["/", "/app.js", "/app.css", ...SDK], fallback: "/" });
//
// Nothing that was asked with a token is ever kept, nor anything that is not in the list.

import { Coatcheck, LOADED_FROM } from "./coatcheck.js";
import { OVER } from "./personal.js";
import { SYNC_TAG } from "./queue.js";

/** @typedef {import("./coatcheck.js").Options} Options */

/**
 * @typedef {object} Shell
 * @property {string} version of the app: another one gets a cache of its own, and the former goes.
 * @property {string[]} shell the addresses that are kept, the same for everybody.
 * @property {string} [fallback] which of them answers where a page cannot be reached.
 * @property {string[]} [personal] the names of caches of the app that go when a person signs out.
 * @property {Options} [coatcheck] how Coatcheck is opened, for the queue to be sent when the network is back.
 */

/** @typedef {{ waitUntil(work: Promise<unknown>): void, respondWith(answer: Promise<Response>): void }} Lasting */
/** @typedef {Lasting & { request: Request, tag: string, data: any }} WorkerEvent */

/** The modules that a page loads of this SDK, as it is built: they belong to the shell of each app that uses them. */
export const SDK = [new URL("./index.js", import.meta.url).href, LOADED_FROM];

const PREFIX = "coatcheck shell ";
const WAIT_FOR_TABS_MS = 1000;

/**
 * Serve the shell of an app, and send its queue when the network is back. Call it at the top of the worker's script.
 * @param {Shell} options
 */
export function serveShell({ version, shell, fallback, personal = [], coatcheck }) {
  const kept = new Kept(PREFIX + version, shell, fallback);
  on("install", (event) => event.waitUntil(kept.fill()));
  on("activate", (event) => event.waitUntil(kept.takeOver()));
  on("fetch", (event) => {
    const answer = kept.answer(event.request);
    if (answer) event.respondWith(answer);
  });
  on("message", (event) => {
    if (event.data === OVER) event.waitUntil(Promise.all(personal.map(drop)));
  });
  on("sync", (event) => {
    if (coatcheck && event.tag === SYNC_TAG) event.waitUntil(sendQueue(coatcheck));
  });
}

class Kept {
  #name;
  /** @type {Set<string>} */
  #addresses;
  #fallback;

  /**
   * @param {string} name
   * @param {string[]} shell
   * @param {string} [fallback]
   */
  constructor(name, shell, fallback) {
    this.#name = name;
    this.#addresses = new Set(shell.map(whole));
    this.#fallback = fallback === undefined ? undefined : whole(fallback);
    if (this.#fallback && !this.#addresses.has(this.#fallback)) throw new TypeError("`fallback` must be in `shell`");
  }

  /** Fetch the shell as nobody, so that what is kept is everybody's: all of it, or the worker is not installed. */
  async fill() {
    const cache = await caches.open(this.#name);
    const asNobody = { cache: "reload", credentials: "omit", redirect: "error" };
    await cache.addAll([...this.#addresses].map((url) => new Request(url, /** @type {RequestInit} */ (asNobody))));
  }

  /** Drop the shells of former versions, and serve the pages that are open. */
  async takeOver() {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== this.#name).map(drop));
    await /** @type {any} */ (globalThis).clients.claim();
  }

  /**
   * Answer a request for the shell, or for a page; null for everything else, which is none of ours.
   * @param {Request} request
   * @returns {Promise<Response> | null}
   */
  answer(request) {
    if (request.method !== "GET" || request.headers.has("authorization") || request.headers.has("dpop")) return null;
    const url = whole(request.url);
    if (this.#addresses.has(url)) return this.#find(url).then((found) => found ?? fetch(request));
    return request.mode === "navigate" && this.#fallback ? this.#page(request, this.#fallback) : null;
  }

  /**
   * @param {Request} request
   * @param {string} fallback
   */
  async #page(request, fallback) {
    try {
      return await fetch(request);
    } catch (error) {
      return (await this.#find(fallback)) ?? Promise.reject(error);
    }
  }

  /** @param {string} url */
  async #find(url) {
    return (await caches.open(this.#name)).match(url);
  }
}

/**
 * Send what waits. Where something is left that no person has to decide about, the browser tries again later.
 * @param {Options} options
 */
async function sendQueue(options) {
  const coatcheck = await Coatcheck.open(options);
  try {
    const until = performance.now() + WAIT_FOR_TABS_MS; // a tab that is open may show the key
    const mayOpen = () => coatcheck.state.status === "locked" && performance.now() < until;
    while (mayOpen()) await new Promise((done) => setTimeout(done, 50));
    const { waiting, stopped } = await coatcheck.queue.send();
    const isLeft = waiting > 0 && !stopped && coatcheck.state.status === "signed_in";
    if (isLeft) throw new Error(`${waiting} requests wait still`);
  } finally {
    coatcheck.close();
  }
}

/**
 * @param {string} type
 * @param {(event: WorkerEvent) => void} listener
 */
const on = (type, listener) => globalThis.addEventListener(type, /** @type {any} */ (listener));

/** @param {string} name */
const drop = (name) => caches.delete(name);

/** @param {string} address */
const whole = (address) => new URL(address, globalThis.location.href).href.split("#", 1)[0] ?? address;
