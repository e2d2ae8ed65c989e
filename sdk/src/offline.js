// What may be done without the server: by whom, until when, and whether the clock can be believed.
//
// The server's time as it was heard last is kept sealed, and moves on while this browser is in use. A clock that shows
// less was set back. One that shows more than the session lasts counts, and goes on counting when it is set right
// again: either way the server has the last word.

/** @typedef {"expired" | "clock_set_back"} Because */
/** @typedef {{ until: Date, scopes: string[], allowed: boolean, because: Because | null }} Offline */
/** @typedef {import("./vault.js").Vault} Vault */
/** @typedef {import("./wire.js").Wire} Wire */

/**
 * @typedef {object} Seen the least that the time can be, by the server's clock.
 * @property {number} heard when the server was heard last, in milliseconds.
 * @property {number} at what the time is at least.
 * @property {number} ahead how far the server's clock is ahead of this device's.
 */

const LENIENCE_MS = 60_000; // clocks that set themselves right step back a little

/**
 * Tell what the person whose session is stored may do without the server.
 * @param {import("./state.js").Stored} stored
 * @param {Seen} seen
 * @returns {Offline}
 */
export function offlineOf({ session, offlineScopes }, seen) {
  const now = Date.now() + seen.ahead;
  const until = new Date(Math.min(Date.parse(session.expires_at), Date.parse(session.ends_at)));
  const isOver = Math.max(now, seen.at) > until.getTime();
  const because = isOver ? "expired" : now < seen.at - LENIENCE_MS ? "clock_set_back" : null;
  return { until, scopes: offlineScopes, allowed: because === null, because };
}

/**
 * Tell whether something may be done without the server.
 * @param {import("./state.js").State} state
 * @param {string} scope
 */
export const mayOffline = ({ offline }, scope) => offline !== null && offline.allowed && offline.scopes.includes(scope);

/**
 * Give the time as the server said it just now.
 * @param {Wire} wire
 * @returns {Seen}
 */
export const heardNow = (wire) => ({ heard: wire.now(), at: wire.now(), ahead: wire.ahead });

/** Moves the time that is kept on while this tab is open, whatever is done to the device's clock. */
export class Watch {
  /** @type {Seen | null} where the time stood when this tab began to count. */
  #from = null;
  #began = 0;

  /**
   * Give the time as it is kept, moved on by what has passed.
   * @param {Seen} kept
   * @returns {Seen}
   */
  moveOn(kept) {
    if (this.#from?.heard !== kept.heard) {
      this.#from = kept; // the server was heard since, by whichever tab
      this.#began = performance.now();
    }
    const counted = this.#from.at + performance.now() - this.#began;
    return { ...kept, at: Math.max(kept.at, counted, Date.now() + kept.ahead) };
  }
}

/**
 * Move on the time that is kept; while a tab changes the session, that tab does it.
 * @param {import("./client.js").Client} client
 */
export async function moveTimeOn(client) {
  const { vault, watch } = client;
  if (!vault || !client.store) return;
  await navigator.locks
    .request(`${client.store.name} session`, { ifAvailable: true }, async (lock) => {
      const [stored, kept] = lock ? [await vault.get("session"), await vault.get("seen")] : [];
      if (!stored || !kept) return;
      const seen = watch.moveOn(kept);
      await vault.put("seen", seen);
      client.set({ offline: offlineOf(stored, seen) });
    })
    .catch(() => undefined); // sealed anew meanwhile, or the disk is full: the next time will do
}
