// What an app's service worker keeps of a person, beside the vault, goes when the session does.

/** What the worker is told when a session is over here. */
export const OVER = "coatcheck session over";

/** Tell the app's service worker, if there is one, to drop what is personal. */
export async function dropPersonal() {
  const { registration: own } = /** @type {any} */ (globalThis); // it may be the worker itself that finds it over
  const registration = own ?? (await navigator.serviceWorker?.getRegistration().catch(() => undefined));
  registration?.active?.postMessage(OVER);
}
