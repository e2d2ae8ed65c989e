// Requests as they travel: with a proof where there is a key, by the server's time, and with what went wrong named.

import { CoatcheckError, errorOf, unreached } from "./errors.js";
import { makeProof } from "./proof.js";

/** @typedef {import("./installation.js").Installation} Installation */

const LONGEST_MS = 20_000;
const OFF_BY_MS = 20_000; // a clock that is off by less does no harm
const PROOF_REFUSED = /\berror="?(use_dpop_nonce|invalid_dpop_proof)\b/;

/** What is known of each server that is spoken to: its last nonce, and how far its clock is from ours. */
export class Wire {
  /** @type {Map<string, string>} */
  #nonces = new Map();
  /** How many milliseconds the server's clock is ahead of ours. */
  ahead = 0;

  /** Milliseconds since 1970, by the server's clock. */
  now() {
    return Date.now() + this.ahead;
  }

  /**
   * Send a request with a proof; where the server wants it made anew, again: for its nonce, and for its time.
   * @param {Request} request
   * @param {Installation} by
   * @param {string} [token] the access token that goes along.
   * @returns {Promise<Response>}
   * @throws {CoatcheckError} `offline`; `redirected`, unless that was asked for.
   */
  async sendProven(request, by, token) {
    const again = [request.clone(), request.clone()];
    let answer = await this.#sendProven(request, by, token);
    for (const next of again) {
      if (!this.#mayProveAgain(answer)) return answer;
      answer = await this.#sendProven(next, by, token);
    }
    return answer;
  }

  /**
   * Send a request.
   * @param {Request} request
   * @returns {Promise<Response>}
   * @throws {CoatcheckError} `offline`
   */
  async send(request) {
    try {
      return await fetch(request);
    } catch (error) {
      if (request.signal.aborted && request.signal.reason?.name !== "TimeoutError") throw error;
      throw unreached(error);
    }
  }

  /**
   * Send JSON to the server of Coatcheck, and give the JSON that it answers.
   * @param {string} method
   * @param {string} url
   * @param {unknown} [body]
   * @param {{ by?: Installation, token?: string, credentials?: RequestCredentials }} [how]
   * @returns {Promise<any>} null where the answer has no body.
   * @throws {CoatcheckError}
   */
  async call(method, url, body, { by, token, credentials = "same-origin" } = {}) {
    const request = new Request(url, {
      method,
      credentials,
      cache: "no-store",
      redirect: "error", // Coatcheck leads its calls nowhere else: what is in the way is not its server
      signal: AbortSignal.timeout(LONGEST_MS),
      headers: { accept: "application/json", ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = by ? await this.sendProven(request, by, token) : await this.send(request);
    this.#learnTime(answer);
    if (!answer.ok) throw await errorOf(answer);
    try {
      return answer.status === 204 ? null : await answer.json();
    } catch (error) {
      throw unreached(error); // it was cut off on the way
    }
  }

  /**
   * @param {Request} request
   * @param {Installation} by
   * @param {string} [token]
   */
  async #sendProven(request, by, token) {
    const { origin } = new URL(request.url);
    const { method, url } = request;
    const proof = await makeProof(by, { method, url, now: this.now(), token, nonce: this.#nonces.get(origin) });
    request.headers.set("dpop", proof);
    if (token) request.headers.set("authorization", `DPoP ${token}`);
    // A proof is for one address, and no redirect may bring it, or what is sent, to another one.
    const mayFollow = request.redirect === "follow";
    const answer = await this.send(mayFollow ? new Request(request, { redirect: "manual" }) : request);
    if (mayFollow && answer.type === "opaqueredirect") throw new CoatcheckError({ code: "redirected" });
    const nonce = answer.headers.get("dpop-nonce");
    if (nonce) this.#nonces.set(origin, nonce);
    return answer;
  }

  /**
   * Tell whether a proof was refused for what is known better now: the nonce, or the time.
   * @param {Response} answer
   */
  #mayProveAgain(answer) {
    if (answer.status !== 401) return false;
    const why = PROOF_REFUSED.exec(answer.headers.get("www-authenticate") ?? "")?.[1];
    if (why !== "invalid_dpop_proof") return why === "use_dpop_nonce" || answer.headers.has("dpop-nonce");
    return this.#learnTime(answer);
  }

  /**
   * Take in the server's time, and tell whether it was off.
   * @param {Response} answer
   */
  #learnTime(answer) {
    const ahead = Date.parse(answer.headers.get("date") ?? "") - Date.now();
    if (!(Math.abs(ahead - this.ahead) > OFF_BY_MS)) return false; // NaN where the server does not say
    this.ahead = ahead;
    return true;
  }
}
