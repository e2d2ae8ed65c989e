// Requests to services, as whoever is signed in here.

import { asksToConfirm, confirmed } from "./ask.js";
import { CoatcheckError, errorOf } from "./errors.js";

/** @typedef {import("./client.js").Client} Client */

/**
 * Send a request with a token that counts, and again where the answer says that one more try helps: once each.
 * @param {Client} client
 * @param {Request} request
 * @param {Set<string>} origins where a token may go.
 * @param {string} [account] whose request it is, if it must not be sent as whoever is signed in by now.
 * @returns {Promise<Response>}
 * @throws {import("./errors.js").CoatcheckError} `offline`, `busy` and `ended` of the session; what the service refuses
 *   is its answer.
 */
export async function sendAs(client, request, origins, account) {
  const { origin } = new URL(request.url);
  if (!origins.has(origin)) {
    throw new TypeError(`no token is sent to ${origin}: name it in \`origins\` when you open Coatcheck`);
  }
  const again = request.clone();
  const answer = await send(client, request, account);
  if (!client.confirm || (answer.status !== 403 && answer.status !== 401)) return answer;
  const asked = await errorOf(answer.clone());
  if (!asksToConfirm(asked)) return answer;
  try {
    await confirmed(client, asked);
  } catch (error) {
    if (account === undefined) throw error;
    return answer; // called off: the queue stops there
  }
  return send(client, again, account);
}

/**
 * @param {Client} client
 * @param {Request} request
 * @param {string} [account]
 */
async function send(client, request, account) {
  if (!client.hasTokens) return sendByCookie(client, request);
  const again = request.clone();
  const token = await client.tokens.access();
  const answer = await sendWith(client, request, token, account);
  if (answer.status !== 401) return answer;
  return sendWith(client, again, await client.tokens.refresh(token), account); // it ran out, or is not true any more
}

/**
 * @param {Client} client
 * @param {Request} request
 * @param {string} token
 * @param {string} [account]
 */
function sendWith(client, request, token, account) {
  if (account !== undefined && client.vault?.account !== account) {
    throw new CoatcheckError({ code: "not_signed_in" });
  }
  if (!client.installation) throw new TypeError("this browser has no key");
  return client.watched(client.wire.sendProven(request, client.installation, token));
}

/**
 * @param {Client} client
 * @param {Request} request
 */
async function sendByCookie(client, request) {
  const answer = await client.watched(client.wire.send(request));
  if (answer.status === 401 && client.state.status === "signed_in") await client.load(); // it may have ended
  return answer;
}
