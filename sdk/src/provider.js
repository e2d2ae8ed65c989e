// Signing in with a provider: the browser leaves the page, and comes back with nothing but a sign-in's id.
//
//     leaveFor → the provider → return_to?sign_in=… → comeBack → admitted | more_needed
//
// Only this browser has the verifier by which the answer is fetched (RFC 7636), and by its proof tokens are bound.

import { randomBytes, sha256, toBase64url } from "./bytes.js";
import { CoatcheckError } from "./errors.js";
import { seeToRoom } from "./room.js";
import { seal, unseal } from "./seal.js";
import { taken } from "./sign_in.js";

/** @typedef {import("./client.js").Client} Client */

const TRIP = "trip"; // the last one that this browser left for

/**
 * Leave the page for a provider. Where there is a cookie alone, the server signs in by itself on the way back.
 * @param {Client} client
 * @param {object} how
 * @param {string} how.provider its name in the settings.
 * @param {string} [how.returnTo] where to come back to: this page, or another one that the settings allow.
 * @param {boolean} [how.rememberMe] a longer session.
 */
export async function leaveFor(client, { provider, returnTo = globalThis.location.href, rememberMe }) {
  await seeToRoom(client);
  const asked = new URLSearchParams({ return_to: asReturn(client, returnTo) });
  if (rememberMe) asked.set("remember_me", "true");
  if (client.hasTokens) await askForTokens(client, asked);
  globalThis.location.assign(`${client.issuer}/login/${encodeURIComponent(provider)}?${asked}`);
}

/**
 * Go on with a sign-in that has come back to this page. Call it at each start.
 * @param {Client} client
 * @returns {Promise<import("./sign_in.js").Outcome | null>} null where none has.
 * @throws {CoatcheckError} `sign_in_gone`
 */
export async function comeBack(client) {
  const page = new URL(globalThis.location.href);
  const [signIn, verifier] = [page.searchParams.get("sign_in"), await verifierOf(client)];
  if (signIn === null || verifier === null) return null;
  try {
    const path = `/api/sign-in/${encodeURIComponent(signIn)}/collect`;
    const outcome = await taken(client, await client.call("POST", path, { verifier }));
    await forget(client, page);
    return outcome;
  } catch (error) {
    const isKept = error instanceof CoatcheckError && (error.kind === "offline" || error.kind === "busy");
    if (!isKept) await forget(client, page); // else a reload tries it again
    throw error;
  }
}

/**
 * @param {Client} client
 * @param {URLSearchParams} asked
 */
async function askForTokens({ store, installation, audience }, asked) {
  const verifier = toBase64url(randomBytes(32));
  const kept = installation && (await seal(installation.seal, TRIP, verifier));
  await store?.write(["keys"], ({ keys }) => keys.put(kept, TRIP));
  asked.set("present", "tokens");
  asked.set("challenge", toBase64url(await sha256(verifier)));
  if (audience !== undefined) asked.set("audience", audience);
}

/**
 * @param {Client} client
 * @returns {Promise<string | null>}
 */
async function verifierOf({ store, installation }) {
  const kept = await store?.get("keys", TRIP);
  return kept && installation ? unseal(installation.seal, TRIP, kept) : null;
}

/**
 * @param {Client} client
 * @param {URL} page
 */
async function forget({ store }, page) {
  await store?.write(["keys"], ({ keys }) => keys.delete(TRIP));
  page.searchParams.delete("sign_in");
  history.replaceState(history.state, "", page);
}

/**
 * Give where to come back to as the server takes it: of its own origin a path, else the address to the letter.
 * @param {Client} client
 * @param {string} returnTo
 */
function asReturn(client, returnTo) {
  const page = new URL(returnTo, globalThis.location.href);
  page.searchParams.delete("sign_in");
  page.hash = "";
  return page.origin === new URL(client.issuer).origin ? page.pathname + page.search : page.href;
}
