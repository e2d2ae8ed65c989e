// What apps are shown: who is signed in, and what may be done.

import { EMPTY } from "./queue_kept.js";

/** @typedef {import("./offline.js").Offline} Offline */
/** @typedef {import("./queue_kept.js").QueueState} QueueState */
/** @typedef {{ id: string, email: string | null, username: string | null }} Account */

/**
 * @typedef {object} Session in the words of the API.
 * @property {string} id
 * @property {string} expires_at
 * @property {string} ends_at
 * @property {string} auth_time
 * @property {string} acr
 * @property {string[]} amr
 */

/**
 * @typedef {object} State
 * @property {"signed_out" | "signed_in" | "locked" | "ended"} status
 * @property {Account | null} account
 * @property {Session | null} session as the server said it last.
 * @property {boolean} online whether the server could be reached the last time.
 * @property {"passkey" | "device" | "none"} protection of what is stored.
 * @property {Offline | null} offline
 * @property {QueueState} queue what waits to be sent.
 */

/**
 * @typedef {object} Stored what a vault keeps of a session.
 * @property {string} refreshToken
 * @property {Account} account
 * @property {Session} session
 * @property {string[]} offlineScopes
 */

/**
 * Nobody, as it is before anything is known.
 * @type {State}
 */
export const NOBODY = Object.freeze({
  status: "signed_out",
  account: null,
  session: null,
  online: true,
  protection: "none",
  offline: null,
  queue: EMPTY,
});

/**
 * Tell whether two parts of a state are the same.
 * @param {unknown} left
 * @param {unknown} right
 */
export const same = (left, right) => left === right || JSON.stringify(left) === JSON.stringify(right);
