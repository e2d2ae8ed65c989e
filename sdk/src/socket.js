// A WebSocket as whoever is signed in: it presents a ticket, opens itself again, and ends with the session.
//
//     ticket → open → presented → messages ┬─ closed by the network, or out of order → waits → ticket …
//                                         └─ 4401: asks the server: alive → ticket …, ended → closed

import { CoatcheckError, errorOf } from "./errors.js";
import { sendAs } from "./fetch.js";
import { backoff, jittered } from "./waiting.js";

/** @typedef {import("./client.js").Client} Client */

const AGAIN = [1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015, 4503]; // not what an app closes with on purpose
const NOT_SIGNED_IN = 4401;
const STAYED_MS = 10_000;
const NEEDED = '{"authorization":"needed"}';
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Fires `open` each time it is open, `message` with `data`, `waiting` when it was closed and will be opened again, and
 * `close` with `detail` `{code, reason}` once, at the end.
 */
export class Socket extends EventTarget {
  /** @type {"connecting" | "open" | "waiting" | "closed"} */
  state = "connecting";
  #client;
  #url;
  #protocols;
  #account;
  /** @type {WebSocket | null} */
  #socket = null;
  #failures = 0;
  #closed = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #renewing;

  /**
   * @param {Client} client
   * @param {EventTarget} changes fires `change` when the client's state has changed.
   * @param {string | URL} url
   * @param {string | string[] | undefined} protocols
   * @param {Set<string>} origins where a token may go.
   * @throws {TypeError} where no token may go there.
   */
  constructor(client, changes, url, protocols, origins) {
    super();
    this.#client = client;
    this.#url = new URL(url, globalThis.location.href);
    this.#url.protocol = this.#url.protocol.replace("http", "ws");
    const origin = this.#url.origin.replace("ws", "http");
    if (!origins.has(origin)) throw new TypeError(`no token is sent to ${origin}: name it in \`origins\``);
    this.#protocols = protocols;
    this.#account = client.state.account?.id;
    changes.addEventListener("change", () => this.#look(), { signal: this.#closed.signal });
    this.#connect();
  }

  /**
   * Send a message.
   * @param {string | Blob | BufferSource} message
   * @throws {CoatcheckError} `unreachable` while it is not open.
   */
  send(message) {
    if (this.state !== "open" || !this.#socket) throw new CoatcheckError({ code: "unreachable" });
    this.#socket.send(message);
  }

  /**
   * Close it for good.
   * @param {number} [code]
   * @param {string} [reason]
   */
  close(code = 1000, reason = "") {
    if (this.state === "closed") return;
    this.#leave(code === 1000 || code >= 3000 ? code : 1000, reason);
    this.state = "closed";
    this.#closed.abort();
    this.dispatchEvent(new CustomEvent("close", { detail: { code, reason } }));
  }

  async #connect() {
    this.state = "connecting";
    try {
      const ticket = await this.#ticket();
      if (this.#closed.signal.aborted) return;
      this.#open(ticket);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Get a ticket; a socket to where the browser's session cookie goes needs none. */
  async #ticket() {
    const { issuer, hasTokens } = this.#client;
    const { origin } = new URL(issuer);
    if (!hasTokens && origin === this.#url.origin.replace("ws", "http")) return null;
    const request = new Request(`${issuer}/api/socket-ticket`, { method: "POST", signal: AbortSignal.timeout(20_000) });
    const answer = await sendAs(this.#client, request, new Set([origin]), this.#account);
    if (!answer.ok) throw await errorOf(answer);
    return (await answer.json()).ticket;
  }

  /** @param {string | null} ticket */
  #open(ticket) {
    const socket = new WebSocket(this.#url, this.#protocols);
    const began = performance.now();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      if (ticket !== null) socket.send(JSON.stringify({ ticket }));
      this.state = "open";
      this.#renewLater();
      this.dispatchEvent(new Event("open"));
    };
    socket.onmessage = ({ data }) => {
      if (data === NEEDED) return this.#openAnew();
      return this.dispatchEvent(new MessageEvent("message", { data }));
    };
    socket.onclose = ({ code, reason }) => {
      if (this.#socket !== socket) return;
      if (performance.now() - began > STAYED_MS) this.#failures = 0;
      this.#over(code, reason);
    };
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #over(code, reason) {
    this.#leave(1000, "");
    if (code === NOT_SIGNED_IN && this.#client.hasTokens) {
      this.#client.tokens.refresh().then(
        () => this.#wait(),
        (error) => this.#failed(error),
      );
    } else if (AGAIN.includes(code)) this.#wait();
    else this.close(code, reason);
  }

  /** @param {unknown} error */
  #failed(error) {
    if (this.#closed.signal.aborted) return;
    const isOurs = error instanceof CoatcheckError;
    if (isOurs && (error.kind === "offline" || error.kind === "busy")) this.#wait(error.retryAfter);
    else this.close(NOT_SIGNED_IN, isOurs ? error.code : "");
  }

  /** @param {number | null} [seconds] what the server says, at the least. */
  #wait(seconds) {
    if (this.#closed.signal.aborted) return;
    this.state = "waiting";
    this.#failures += 1;
    clearTimeout(this.#timer);
    const wait = Math.max((seconds ?? 0) * 1000, backoff(this.#failures - 1));
    this.#timer = setTimeout(() => this.#connect(), jittered(wait));
    this.dispatchEvent(new Event("waiting"));
  }

  /** Open another one in the place of this one, by a new ticket. */
  #openAnew() {
    this.#leave(1000, "");
    this.#connect();
  }

  /** Use the session before it ends for want of use, while the page is seen: an open socket alone is no use of it. */
  #renewLater() {
    const { session } = this.#client.state;
    if (!session) return;
    const left = Date.parse(session.expires_at) - this.#client.wire.now();
    const renew = async () => {
      if (document.visibilityState === "visible") await this.#client.tokens.refresh().catch(() => undefined);
      this.#renewLater();
    };
    clearTimeout(this.#renewing);
    this.#renewing = setTimeout(renew, Math.min(Math.max(left / 2, 1000), LONGEST_TIMER_MS));
  }

  /** Take note of a change: of who is signed in, or that the network is back. */
  #look() {
    const { status, account, online } = this.#client.state;
    if (status !== "signed_in" || account?.id !== this.#account) this.close(NOT_SIGNED_IN, status);
    else if (this.state === "waiting" && online && !this.#wasOnline) {
      clearTimeout(this.#timer);
      this.#connect();
    }
    this.#wasOnline = online;
  }

  #wasOnline = true;

  /**
   * @param {number} code
   * @param {string} reason
   */
  #leave(code, reason) {
    clearTimeout(this.#timer);
    clearTimeout(this.#renewing);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(code, reason);
  }
}
