// What goes wrong, as one class: what the server refused, and what never reached it.

/** @typedef {import("./codes.js").Code} Code */

/**
 * What to do about an error:
 * - `offline`: the server was not reached. Keep everything; there will be a network again.
 * - `busy`: it was reached and cannot do it now. Try again, after `retryAfter` where it is said.
 * - `ended`: the session is over. Nothing else signs anybody out.
 * - `refused`: the same request will be refused again. Mend it, or ask a person.
 * @typedef {"offline" | "busy" | "ended" | "refused"} Kind
 */

/**
 * What the server says of a refusal (RFC 9457), as it says it.
 * @typedef {object} Problem
 * @property {string} code what programs go by
 * @property {number} status
 * @property {string} title a constant sentence
 * @property {Record<string, string>} [fields] what is wrong with what was sent, each with a sentence
 * @property {number} [tries_left] how often a code may be tried again
 * @property {string} [request_id] finds the line in the server's log
 */

/**
 * @typedef {object} What
 * @property {Code | keyof typeof SAYS | (string & {})} code what programs go by
 * @property {number} [status] of the answer; 0 where there was none
 * @property {Problem | null} [problem]
 * @property {number | null} [retryAfter] in seconds
 * @property {Record<string, string> | null} [challenge]
 */

/** @type {ReadonlySet<number>} */
const LATER = new Set([408, 425, 429, 500, 503]);

const SAYS = {
  unreachable: "The server cannot be reached.",
  timeout: "The server did not answer in time.",
  unexpected_answer: "What answered does not seem to be the server.",
  redirected: "The answer leads elsewhere, and no proof goes there.",
  not_signed_in: "Sign in first.",
  locked: "Show your passkey first.",
  called_off: "No passkey was used. Try again when you are ready.",
  passkey_exists: "This device has a passkey for this account already.",
  passkey_unsupported: "This device cannot make a passkey that works here.",
  passkey_wrong_site: "Passkeys do not work at this address.",
  no_prf: "This device's passkeys cannot open what is stored here.",
  wrong_passkey: "This passkey does not open what is stored here.",
  no_room: "There is no room in this browser.",
  no_storage: "This browser keeps nothing for this page.",
  in_doubt: "It was sent and no answer has come: it may have been done already.",
  not_allowed_offline: "This needs the server, which cannot be reached.",
  not_in_queue: "It is not in the queue.",
  queue_full: "No more requests can wait here.",
  too_large: "It is too large to wait here.",
};

/** Say why a call came to nothing, and by its `kind` what to do about it. */
export class CoatcheckError extends Error {
  /**
   * @param {What} what
   * @param {ErrorOptions} [options] the cause, where something else was thrown first
   */
  constructor({ code, status = 0, problem = null, retryAfter = null, challenge = null }, options) {
    super(problem?.title ?? saysOf(code), options);
    this.name = "CoatcheckError";
    /** What programs go by: a code of the server's, or of those that stand for no answer. */
    this.code = code;
    /** What to do about it. */
    this.kind = kindOf(code, status);
    /** Of the answer; 0 where there was none. */
    this.status = status;
    /** What is wrong with what was sent: a sentence for each field. */
    this.fields = problem?.fields ?? {};
    /** After how many seconds to try again, where the server says so. */
    this.retryAfter = retryAfter;
    /** What `WWW-Authenticate` asks for, such as `acr_values` and `max_age` of a step-up. */
    this.challenge = challenge;
    /** What the server says, where it was the server. */
    this.problem = problem;
  }
}

/**
 * Tell what to do about an error.
 *
 * @param {string} code
 * @param {number} status 0 where there was no answer
 * @returns {Kind}
 */
export function kindOf(code, status) {
  if (code === "session_ended") return "ended";
  if (code === "refresh_superseded" || LATER.has(status)) return "busy";
  // Beside 500 and 503 the server has no such status: what stands before it could not reach it.
  return code === "unreachable" || code === "timeout" || status > 500 ? "offline" : "refused";
}

/**
 * Give the error that an answer says; it reads the answer's body.
 *
 * @param {Response} response
 * @returns {Promise<CoatcheckError>}
 */
export async function errorOf(response) {
  const problem = await problemOf(response);
  const challenge = challengeOf(response.headers.get("www-authenticate"));
  const [code, retryAfter] = [problem?.code ?? "unexpected_answer", waitOf(response.headers)];
  return new CoatcheckError({ code, status: response.status, problem, retryAfter, challenge });
}

/**
 * Give the error for a call that got no answer.
 *
 * @param {unknown} cause what `fetch` threw
 * @returns {CoatcheckError}
 */
export function unreached(cause) {
  const isLate = cause instanceof DOMException && cause.name === "TimeoutError";
  return new CoatcheckError({ code: isLate ? "timeout" : "unreachable" }, { cause });
}

/**
 * @param {Response} response
 * @returns {Promise<Problem | null>}
 */
async function problemOf(response) {
  if (!response.headers.get("content-type")?.startsWith("application/problem+json")) return null;
  const body = await response.json().catch(() => null);
  return typeof body?.code === "string" ? body : null;
}

/**
 * @param {Headers} headers
 * @returns {number | null}
 */
function waitOf(headers) {
  const after = headers.get("retry-after");
  if (after === null) return null;
  // A date is compared with the date of the same answer: the clock of this device may be wrong.
  const seconds = /^\d+$/.test(after) ? +after : (Date.parse(after) - Date.parse(headers.get("date") ?? "")) / 1000;
  return seconds >= 0 ? seconds : null;
}

/**
 * @param {string | null} header
 * @returns {Record<string, string> | null}
 */
function challengeOf(header) {
  if (header === null) return null;
  const found = header.matchAll(/([\w-]+)="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries(Array.from(found, ([, name, value]) => [name, value?.replace(/\\(.)/g, "$1")]));
}

/**
 * @param {string} code
 * @returns {string}
 */
function saysOf(code) {
  return Object.hasOwn(SAYS, code) ? SAYS[/** @type {keyof typeof SAYS} */ (code)] : `The call was refused: ${code}.`;
}
