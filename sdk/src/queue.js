// The queue: requests that are kept sealed until they can be sent, in order, one at a time in all tabs.
//
//     add → waits → sent → answered → taken out
//             ↑ no network, busy ┘ └ refused → stopped, until a person says: retry, change or drop
//
// A request may arrive more than once, always with the same `Idempotency-Key`, as it is taken out only when it was
// answered. It belongs to an account: nobody else opens or sends it.

import { CoatcheckError } from "./errors.js";
import { sendAs } from "./fetch.js";
import { mayOffline } from "./offline.js";
import { allKept, append, findKept, keep, stateOfQueue, takeOut } from "./queue_kept.js";
import { again, backoff, changed, jittered, judged, parseAsked, requestOf, waitOf } from "./waiting.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./queue_kept.js").Kept} Kept */
/** @typedef {import("./queue_kept.js").QueueState} QueueState */
/** @typedef {import("./waiting.js").Asked} Asked */
/** @typedef {import("./waiting.js").Waiting} Waiting */

/**
 * @typedef {object} Progress
 * @property {"added" | "sent" | "waiting" | "stopped" | "changed" | "dropped"} type
 * @property {number} id
 * @property {number} [status] what the service answered.
 * @property {Response} [answer] the answer itself, in the tab that sent the request.
 */

/** What a service worker is woken by, when the network is back. */
export const SYNC_TAG = "coatcheck queue";
const LONGEST_MS = 30_000;
const BROKEN = { kind: "busy", code: "broken", retryAfter: null }; // such as what a browser throws on its way out

/** What waits to be sent, of whoever is signed in. */
export class Queue {
  #client;
  #origins;
  #say;
  /** @type {Promise<void> | null} */
  #running = null;
  /** Whether something has changed since the queue was looked at. */
  #isNews = false;
  #failures = 0;
  #wasOnline = false;
  /** The session must have been found alive since then. */
  #since = Date.now();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isClosed = false;

  /**
   * @param {Client} client
   * @param {Set<string>} origins where a token may go.
   * @param {(progress: Progress) => void} say
   */
  constructor(client, origins, say) {
    this.#client = client;
    this.#origins = origins;
    this.#say = say;
  }

  /**
   * Keep a request, and send it as soon as that can be.
   * @param {Asked} asked
   * @returns {Promise<number>} its id.
   * @throws {TypeError} where no token may go there, or it is no request that can wait.
   * @throws {CoatcheckError} `too_large`, `queue_full`, `not_allowed_offline`, `no_room`, `not_signed_in`, `locked`,
   *   `no_storage`
   */
  async add(asked) {
    const waiting = parseAsked(asked, this.#origins);
    const { online } = this.#client.state;
    if (!online && asked.scope !== undefined && !mayOffline(this.#client.state, asked.scope)) {
      throw new CoatcheckError({ code: "not_allowed_offline" });
    }
    const id = await append(this.#client, waiting);
    if (!online) await askForSync();
    await this.#tell({ type: "added", id });
    return id;
  }

  /**
   * List what waits, in its order.
   * @returns {Promise<(Waiting & { id: number })[]>}
   * @throws {CoatcheckError} `not_signed_in`, `locked`, `no_storage`
   */
  async list() {
    return (await allKept(this.#client)).map(({ id, waiting }) => ({ ...waiting, id }));
  }

  /** Try again what the service has refused. */
  async retry() {
    const { stopped } = this.#client.state.queue;
    if (stopped) await this.#change(stopped.id, again);
  }

  /**
   * Change a request; what is not named stays, and so does its place.
   * @param {number} id
   * @param {Partial<Asked>} changes
   * @throws {CoatcheckError} `not_in_queue`; `in_doubt` where it was sent and no answer has come.
   */
  async change(id, changes) {
    await this.#change(id, (former) => changed(former, changes, this.#origins));
  }

  /**
   * Take a request out; one that is being sent is answered first.
   * @param {number} id
   * @throws {CoatcheckError} `not_in_queue`
   */
  async drop(id) {
    await this.#alone(async () => {
      await findKept(this.#client, id);
      await this.#takeOut(id);
    });
    await this.#tell({ type: "dropped", id });
  }

  /**
   * Send what waits, now.
   * @returns {Promise<QueueState>} what is left.
   */
  async send() {
    this.#rest(null);
    this.wake();
    while (this.#running) await this.#running;
    return this.#client.state.queue;
  }

  /** Take note that something has changed; where requests wait and nothing holds them up, they are sent. */
  wake() {
    const { status, online, queue } = this.#client.state;
    if (online && !this.#wasOnline) this.#rest(null);
    if (!online && this.#wasOnline) this.#since = Date.now();
    this.#wasOnline = online;
    this.#isNews = true;
    const isHeldUp = this.#isClosed || this.#running !== null || this.#timer !== undefined;
    if (isHeldUp || status !== "signed_in" || queue.waiting === 0 || queue.stopped) return;
    this.#running = this.#run().finally(() => this.#again());
  }

  /**
   * Take note of what another tab has done.
   * @param {Progress} progress
   */
  async hear(progress) {
    await this.#look();
    this.#say(progress);
  }

  /** Send nothing more from this tab. */
  close() {
    this.#isClosed = true;
    this.#rest(null);
  }

  async #run() {
    try {
      await this.#client.tokens.since(this.#since); // a session that was revoked meanwhile sends nothing
      /** @type {number | null} */
      let wait = 0;
      while (wait === 0 && !this.#isClosed) {
        this.#isNews = false;
        wait = await this.#alone(() => this.#step());
        this.#failures = 0;
      }
      this.#rest(wait);
    } catch (error) {
      this.#rest(this.#waitAfter(error));
    }
    if (this.#timer !== undefined) await askForSync();
  }

  #again() {
    this.#running = null;
    if (this.#isNews) this.wake();
  }

  /** Send the first one, and give how long the next has to wait; null: until something changes. */
  async #step() {
    const [kept] = await allKept(this.#client, 1);
    if (!kept || kept.waiting.stopped) return null;
    const wait = waitOf(kept.waiting);
    if (wait > 0) return wait;
    const sent = { ...kept, waiting: { ...kept.waiting, isInDoubt: true } };
    await keep(this.#client, sent);
    const answer = await sendAs(this.#client, requestOf(sent.waiting, LONGEST_MS), this.#origins, kept.account);
    const left = await judged(sent.waiting, answer);
    await (left ? keep(this.#client, { ...sent, waiting: left }) : this.#takeOut(kept.id));
    const type = left === null ? "sent" : left.stopped ? "stopped" : "waiting";
    await this.#tell({ type, id: kept.id, status: answer.status }, answer);
    return left === null ? 0 : left.stopped ? null : waitOf(left);
  }

  /** @param {unknown} error */
  #waitAfter(error) {
    const { kind, code, retryAfter } = error instanceof CoatcheckError ? error : BROKEN;
    if (kind === "ended" || code === "not_signed_in" || code === "locked") return null;
    this.#failures += 1;
    return jittered((retryAfter ?? 0) * 1000 || backoff(this.#failures));
  }

  /** @param {number | null} wait null until something changes. */
  #rest(wait) {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (wait === null || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.wake();
    }, wait);
  }

  /**
   * @param {number} id
   * @param {(former: Waiting) => Waiting} change
   */
  async #change(id, change) {
    await this.#alone(async () => {
      const kept = await findKept(this.#client, id);
      await keep(this.#client, { ...kept, waiting: change(kept.waiting) });
    });
    this.#rest(null);
    await this.#tell({ type: "changed", id });
  }

  /** @param {number} id */
  async #takeOut(id) {
    if (this.#client.store) await takeOut(this.#client.store, id);
  }

  /**
   * @template Result
   * @param {() => Promise<Result>} work
   * @returns {Promise<Result>}
   */
  async #alone(work) {
    return await navigator.locks.request(`${this.#client.store?.name} queue`, work);
  }

  async #look() {
    const { store, vault } = this.#client;
    if (store && vault) this.#client.set({ queue: await stateOfQueue(store, vault.account, vault) });
  }

  /**
   * @param {Progress} progress
   * @param {Response} [answer]
   */
  async #tell(progress, answer) {
    await this.#look();
    this.#client.tabs?.tell({ type: "queue", progress });
    this.#say(answer ? { ...progress, answer } : progress);
  }
}

/** Have the service worker send what waits when the network is back, where the browser does that. */
async function askForSync() {
  /** @type {any} */
  const registration = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
  await registration?.sync?.register(SYNC_TAG).catch(() => undefined); // the person does not let it
}
