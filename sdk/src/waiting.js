// A request as it waits in the queue: parsed when it is added, so that what is sent later has been found good.

import { utf8 } from "./bytes.js";
import { CoatcheckError } from "./errors.js";

/**
 * @typedef {object} Asked a request for the queue.
 * @property {string} method
 * @property {string | URL} url where a token may go.
 * @property {unknown} [json] its body, as JSON; or else
 * @property {string} [text] its body.
 * @property {Record<string, string>} [headers]
 * @property {string} [scope] what it needs; without the server, it is refused where that may not be done offline.
 */

/** @typedef {{ status: number, problem: any }} Stopped what the service said, for a person to decide. */

/**
 * @typedef {object} Waiting
 * @property {string} method
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {string | null} body
 * @property {string} key by which a service knows it again, however often it comes.
 * @property {number} addedAt
 * @property {boolean} isInDoubt whether it may have been done: it was sent, and no answer has come.
 * @property {number} tries how often the service was out of order.
 * @property {number} notBefore
 * @property {Stopped | null} stopped
 */

const LARGEST_BODY = 256 * 1024;
const OURS = ["authorization", "cookie", "dpop", "idempotency-key"];
const AWAY = [408, 425, 429, 502, 503, 504];
const TRIES = 5;
const LONGEST_WAIT_MS = 3_600_000;

/**
 * Make what waits of what was asked.
 * @param {Asked} asked
 * @param {Set<string>} origins where a token may go.
 * @returns {Waiting}
 * @throws {TypeError} where no token may go there, or it is no request that can wait.
 * @throws {CoatcheckError} `too_large`
 */
export function parseAsked({ method, url, json, text, headers = {} }, origins) {
  const body = json === undefined ? (text ?? null) : JSON.stringify(json);
  if (body !== null && utf8(body).length > LARGEST_BODY) {
    throw new CoatcheckError({ code: "too_large" });
  }
  const all = Object.fromEntries(new Headers(headers));
  if (json !== undefined) all["content-type"] ??= "application/json";
  const ours = OURS.find((name) => name in all);
  if (ours) throw new TypeError(`the header ${ours} is set when it is sent`);
  const request = new Request(url, { method, headers: all, body });
  const { origin } = new URL(request.url);
  if (!origins.has(origin)) throw new TypeError(`no token is sent to ${origin}: name it in \`origins\``);
  const fresh = { addedAt: Date.now(), isInDoubt: false, tries: 0, notBefore: 0, stopped: null };
  return { method: request.method, url: request.url, headers: all, body, key: crypto.randomUUID(), ...fresh };
}

/**
 * Give a request anew to its queue: what the service has refused is another one when it comes again.
 * @param {Waiting} waiting
 * @returns {Waiting}
 */
export const again = (waiting) => ({
  ...waiting,
  key: waiting.isInDoubt ? waiting.key : crypto.randomUUID(),
  tries: 0,
  notBefore: 0,
  stopped: null,
});

/**
 * Give a request with changes; it is another one from then on.
 * @param {Waiting} former
 * @param {Partial<Asked>} changes
 * @param {Set<string>} origins
 * @returns {Waiting}
 * @throws {CoatcheckError} `in_doubt`
 */
export function changed(former, changes, origins) {
  if (former.isInDoubt) throw new CoatcheckError({ code: "in_doubt" });
  const { method, url, headers, body, addedAt } = former;
  const { "content-type": type, ...others } = headers;
  const isOther = changes.json !== undefined || changes.text !== undefined || body === null;
  const own = type === undefined ? others : { ...others, "content-type": type };
  const content = isOther ? {} : { text: body, headers: own };
  return { ...parseAsked({ method, url, headers: others, ...content, ...changes }, origins), addedAt };
}

/**
 * Give the request to send.
 * @param {Waiting} waiting
 * @param {number} within milliseconds.
 */
export const requestOf = ({ method, url, headers, body, key }, within) =>
  new Request(url, {
    method,
    headers: { ...headers, "idempotency-key": key },
    body,
    cache: "no-store",
    redirect: "manual", // what a person wrote goes where it was meant to go
    signal: AbortSignal.timeout(within),
  });

/**
 * Tell what becomes of a request by the answer to it; null where it is done.
 * @param {Waiting} waiting
 * @param {Response} answer
 * @returns {Promise<Waiting | null>}
 */
export async function judged(waiting, answer) {
  const { ok, status, headers } = answer;
  if (ok) return null;
  const isBusy = AWAY.includes(status) || (status === 409 && headers.has("retry-after"));
  const tries = waiting.tries + 1;
  const isInDoubt = waiting.isInDoubt && (status >= 500 || status === 0); // 0: it was sent elsewhere, done or not
  if (isBusy || (status >= 500 && tries < TRIES)) {
    const wait = jittered(secondsOf(headers.get("retry-after")) * 1000 || backoff(tries));
    return { ...waiting, tries, isInDoubt, notBefore: Date.now() + wait };
  }
  const said = await answer.clone().json().catch(() => null);
  const problem = said ?? { code: answer.type === "opaqueredirect" ? "redirected" : "unknown" };
  return { ...waiting, tries, isInDoubt, stopped: { status, problem } };
}

/**
 * Give how long a request has to wait still; a clock that was set back holds nothing up for long.
 * @param {Waiting} waiting
 */
export const waitOf = ({ notBefore }) => {
  const wait = notBefore - Date.now();
  return wait > 2 * LONGEST_WAIT_MS ? 0 : wait;
};

/**
 * Give how long to wait after so many failures.
 * @param {number} failures
 */
export const backoff = (failures) => Math.min(1000 * 2 ** failures, 300_000);

/**
 * Add up to a quarter, so that not all come back at once.
 * @param {number} wait
 */
export const jittered = (wait) => wait * (1 + Math.random() / 4);

/** @param {string | null} said seconds or a date (RFC 9110 section 10.2.3). */
function secondsOf(said) {
  const seconds = Number(said ?? 0);
  const until = Number.isNaN(seconds) ? (Date.parse(said ?? "") - Date.now()) / 1000 : seconds;
  return Math.min(Math.max(until || 0, 0), LONGEST_WAIT_MS / 1000);
}
