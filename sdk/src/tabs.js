// The tabs of one browser: what only one of them does at a time, and what they tell one another.

const PATIENCE_MS = 150;

/** This tab among the others that are open. */
export class Tabs {
  #name;
  #channel;
  #closed = new AbortController();

  /**
   * @param {string} name the same in all tabs of one issuer.
   * @param {(message: any) => void} hear takes what another tab tells.
   */
  constructor(name, hear) {
    this.#name = name;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => hear(data);
    // A lock that is held as long as the tab is there tells the others of it.
    const until = new Promise((resolve) => this.#closed.signal.addEventListener("abort", resolve));
    navigator.locks.request(`${name} open`, { mode: "shared" }, () => until);
  }

  /** Whether this browser can do it. */
  static get arePossible() {
    return Boolean(navigator.locks && globalThis.BroadcastChannel);
  }

  /** Leave the others. */
  close() {
    this.#closed.abort();
    this.#channel.close();
  }

  /**
   * Run something that changes the session, alone among all tabs.
   * @template Result
   * @param {() => Promise<Result>} work
   * @returns {Promise<Result>}
   */
  async alone(work) {
    return await navigator.locks.request(`${this.#name} session`, work);
  }

  /** Whether other tabs are open. */
  async haveOthers() {
    const { held = [] } = await navigator.locks.query();
    return held.filter(({ name }) => name === `${this.#name} open`).length > 1;
  }

  /**
   * Tell the other tabs.
   * @param {object} message
   */
  tell(message) {
    if (!this.#closed.signal.aborted) this.#channel.postMessage(message);
  }

  /**
   * Ask the other tabs, and wait until there is an answer that will do; one that sleeps gives none.
   * @param {object} message
   * @param {() => boolean} isAnswered
   * @param {number} [patience] milliseconds.
   */
  async ask(message, isAnswered, patience = PATIENCE_MS) {
    this.tell(message);
    const until = performance.now() + patience;
    while (performance.now() < until && !isAnswered()) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
