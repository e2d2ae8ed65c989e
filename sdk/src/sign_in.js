// Signing in: a step after the other, until it is enough.
//
//     signIn | signInWithPasskey | stepUp → more_needed → start, prove → … → admitted

import { ask, askAsPerson } from "./ask.js";
import { CoatcheckError } from "./errors.js";
import { seeToRoom, withRoom } from "./room.js";
import { admit, openWith } from "./session.js";
import { unlockOf } from "./unlock.js";
import { forgetPasskey, makePasskey, usePasskey } from "./webauthn.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("./state.js").Account} Account */
/** @typedef {import("./state.js").Session} Session */
/** @typedef {"password" | "totp" | "backup_code" | "email_code" | "passkey" | "provider"} Known */
/** @typedef {Known | "enrol_totp" | "enrol_passkey"} Factor */
/** @typedef {{ status: "admitted", account: Account, session: Session }} Admitted */
/** @typedef {{ sign_in: string, continuation: string, options: Factor[], expires_at: string }} Waiting */
/** @typedef {{ status: "more_needed" } & Waiting} MoreNeeded */
/** @typedef {Admitted | MoreNeeded} Outcome */

/**
 * @typedef {object} How a session is asked for.
 * @property {boolean} [rememberMe] a longer one.
 * @property {boolean} [trustDevice] spares this browser its second factor from now on, where the site allows it.
 */

const FRESH_MS = 480_000; // a sign-in that was begun is kept for ten minutes

/**
 * Sign in by a name, at best with the password.
 * @param {Client} client
 * @param {{ identifier: string, password?: string } & How} who
 * @returns {Promise<Outcome>}
 * @throws {CoatcheckError} `invalid_credentials`
 */
export async function signIn(client, { identifier, password, ...how }) {
  return taken(client, await begin(client, { identifier, password }, how));
}

/**
 * Sign in by a passkey; without a name, the passkey says whose it is.
 * @param {Client} client
 * @param {{ identifier?: string, conditional?: boolean, signal?: AbortSignal } & How} [who]
 *   `conditional`: offered where a name is typed (`autocomplete="username webauthn"`), as long as it takes.
 * @returns {Promise<Outcome>}
 * @throws {CoatcheckError} `called_off`, `passkey_unknown`
 */
export async function signInWithPasskey(client, { identifier, conditional, signal, ...how } = {}) {
  for (;;) {
    const more = await begin(client, { identifier }, how);
    const old = new AbortController();
    const timer = setTimeout(() => old.abort(), FRESH_MS);
    const until = signal ? AbortSignal.any([signal, old.signal]) : old.signal;
    try {
      return await provePasskey(client, more, { conditional, signal: until });
    } catch (error) {
      if (!conditional || !old.signal.aborted || signal?.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Begin to confirm that it is still the same person, at the level that is asked for.
 * @param {Client} client
 * @param {{ acr?: string, acr_values?: string }} [wanted] `aal1`, `aal2`, `aal3`, `phr`; or a `challenge`.
 * @returns {Promise<MoreNeeded>}
 */
export const stepUp = (client, { acr, acr_values } = {}) =>
  askAsPerson(client, "POST", "/api/step-up", { acr: acr ?? acr_values });

/**
 * Start a factor that has something to send or show first.
 * @param {Client} client
 * @param {MoreNeeded} more
 * @param {Factor} factor
 * @returns {Promise<any>} `email_code`: it is on its way; `enrol_totp`: `secret`, `url` and `qr_svg`; of passkeys what
 *   the browser is asked, which `prove` does by itself.
 */
export const start = (client, more, factor) => step(client, more, `${factor}/start`, {});

/**
 * Prove a factor.
 * @param {Client} client
 * @param {MoreNeeded} more
 * @param {Factor} factor one of its `options`.
 * @param {string | { name?: string }} [proof] the password or code; of passkeys nothing, but a name for a new one.
 * @returns {Promise<Outcome>}
 * @throws {CoatcheckError} `invalid_code` with `problem.tries_left`: the same `more` may be tried again.
 */
export async function prove(client, more, factor, proof) {
  if (factor === "passkey") return provePasskey(client, more, {});
  if (factor === "enrol_passkey") return proveNewPasskey(client, more, proof);
  const said = factor === "password" ? { password: proof } : { code: proof };
  return taken(client, await step(client, more, factor, said));
}

/**
 * Ask for an account: the answer is the same for every address, and the mail says the rest.
 * @param {Client} client
 * @param {{ email: string, password: string, username?: string }} who
 */
export const signUp = (client, who) => ask(client, "POST", "/api/sign-up", who);

/**
 * Confirm an account by the token of the mailed link.
 * @param {Client} client
 * @param {{ token: string, password?: string }} link the password where another browser asked for the account.
 */
export const confirmSignUp = (client, link) => ask(client, "POST", "/api/sign-up/confirm", link);

/**
 * @param {Client} client
 * @param {{ identifier?: string, password?: string }} who
 * @param {How} how
 */
async function begin(client, who, { rememberMe, trustDevice }) {
  await seeToRoom(client);
  const asked = { ...who, remember_me: rememberMe, trust_device: trustDevice };
  if (client.hasTokens) return client.call("POST", "/api/sign-in", { ...asked, present: "tokens", ...client.narrowed });
  return ask(client, "POST", "/api/sign-in", { ...asked, present: "cookie" });
}

/**
 * @param {Client} client
 * @param {MoreNeeded} more
 * @param {string} path
 * @param {object} said
 */
const step = (client, more, path, said) =>
  ask(client, "POST", `/api/sign-in/${more.sign_in}/${path}`, { continuation: more.continuation, ...said });

/**
 * Use a passkey for a step; where it is the one that opens what is stored, it does so by the way.
 * @param {Client} client
 * @param {MoreNeeded} more
 * @param {{ conditional?: boolean, signal?: AbortSignal }} how
 */
async function provePasskey(client, more, how) {
  const options = await start(client, more, "passkey");
  const unlock = await unlockOf(client);
  const { id, credential, secret } = await usePasskey(options, { ...how, salt: unlock?.salt });
  try {
    const outcome = await taken(client, await step(client, more, "passkey", { credential }));
    if (secret && id === unlock?.credentialId && client.state.status === "locked") await openBy(client, secret);
    return outcome;
  } catch (error) {
    if (error instanceof CoatcheckError && error.code === "passkey_unknown") forgetPasskey(options.rpId, id);
    throw error;
  }
}

/**
 * @param {Client} client
 * @param {ArrayBuffer} secret of a device that may not have asked who holds it: then it is another one.
 */
const openBy = (client, secret) =>
  openWith(client, secret).catch((error) => {
    if (error.code !== "wrong_passkey") throw error;
  });

/**
 * @param {Client} client
 * @param {MoreNeeded} more
 * @param {string | { name?: string }} [proof]
 */
async function proveNewPasskey(client, more, proof) {
  const { credential } = await makePasskey(await start(client, more, "enrol_passkey"));
  const name = typeof proof === "object" ? proof.name : proof;
  return taken(client, await step(client, more, "enrol_passkey", { credential, name }));
}

/**
 * Take an answer: whoever is admitted is signed in here, and has got nothing but who they are.
 * @param {Client} client
 * @param {any} answer
 * @returns {Promise<Outcome>}
 */
export async function taken(client, answer) {
  if (answer.status === "more_needed") return Object.freeze(answer);
  if (client.hasTokens && !answer.refresh_token) await renewed(client);
  else await admitted(client, answer);
  return Object.freeze({ status: "admitted", account: answer.account, session: answer.session });
}

/**
 * Get tokens that say what a step-up has proven. Where that does not succeed now, the next request does it.
 * @param {Client} client
 */
const renewed = (client) =>
  client.tokens.refresh().catch((error) => {
    if (error.kind !== "offline" && error.kind !== "busy") throw error;
  });

/**
 * @param {Client} client
 * @param {any} answer
 */
async function admitted(client, answer) {
  try {
    await withRoom(admit(client, answer));
  } catch (error) {
    // A session whose tokens are nowhere would be left behind; where the server does not hear of it, it runs out.
    await ask(client, "POST", "/api/sign-out", { refresh_token: answer.refresh_token }).catch(() => undefined);
    throw error;
  }
}
