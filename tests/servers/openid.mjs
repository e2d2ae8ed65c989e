// npm's oidc-provider as somebody else's identity provider. Its clients and its people come from a JSON file.
//
//   node openid.mjs PACKAGES PORT WORDS.json

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [packages, port, words] = process.argv.slice(2);
const { clients, people, demandsPar, demandsPkce, rotates, claimsInIdToken, accessLives } = JSON.parse(
  readFileSync(words, "utf8"),
);
const entry = createRequire(`${packages}/`).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(entry));
const issuer = `http://127.0.0.1:${port}`;

function key(kid, alg, type, options) {
  return { ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), kid, alg, use: "sig" };
}

const provider = new Provider(issuer, {
  clients,
  jwks: {
    keys: [
      key("one", "RS256", "rsa", { modulusLength: 2048 }),
      key("two", "ES256", "ec", { namedCurve: "P-256" }),
      key("three", "EdDSA", "ed25519"),
    ],
  },
  cookies: { keys: [randomBytes(16).toString("hex")] },
  scopes: ["openid", "email", "profile", "groups", "offline_access"],
  claims: {
    openid: ["sub", "acr", "amr", "auth_time"],
    email: ["email", "email_verified"],
    profile: ["name", "preferred_username"],
    groups: ["groups"],
  },
  conformIdTokenClaims: !claimsInIdToken,
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA"] },
  clientAuthMethods: ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
  pkce: { required: () => demandsPkce },
  rotateRefreshToken: rotates,
  issueRefreshToken: async (_context, client) => client.grantTypeAllowed("refresh_token"),
  ttl: { AccessToken: accessLives, AuthorizationCode: 60, Grant: 86400, IdToken: 3600, Interaction: 600, RefreshToken: 86400, Session: 3600 },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: demandsPar },
    revocation: { enabled: true },
    userinfo: { enabled: true },
  },
  interactions: { url: (_context, interaction) => `/login/${interaction.uid}` },
  findAccount: (_context, id) => people[id] && { accountId: id, claims: async () => ({ ...people[id].claims, sub: id }) },
  // Who has signed in has agreed: one page less.
  async loadExistingGrant({ oidc: { client, session, params } }) {
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope(params.scope);
    await grant.save();
    return grant;
  },
});

const page = (uid, says) => `<!doctype html>
<title>Other people's sign-in</title>
<h1>Sign in</h1>
${says}
<form method="post" action="/login/${uid}">
<label>Name <input name="name" autofocus></label>
<label>Password <input name="password" type="password"></label>
<button name="do" value="sign-in">Sign in</button>
<button name="do" value="cancel">Cancel</button>
</form>`;

async function formOf(request) {
  let text = "";
  for await (const piece of request) text += piece;
  return new URLSearchParams(text);
}

// What the form says becomes the outcome of the interaction; null is a wrong name or password.
function outcome(form) {
  if (form.get("do") === "cancel") return { error: "access_denied", error_description: "cancelled by the person" };
  const person = people[form.get("name")];
  if (!person || person.password !== form.get("password")) return null;
  const ts = Math.floor(Date.now() / 1000) - person.signedInAgo;
  return { login: { accountId: form.get("name"), amr: person.amr, acr: person.acr, ts } };
}

async function interact(uid, request, response) {
  const { prompt } = await provider.interactionDetails(request, response); // throws for a browser without its cookie
  const show = (says) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page(uid, says));
  // `prompt=consent`, which offline_access wants, is agreed to without a page of its own.
  if (prompt.name === "consent") return provider.interactionFinished(request, response, { consent: {} });
  if (request.method !== "POST") return show("");
  const found = outcome(await formOf(request));
  if (!found) return show("<p role=alert>Wrong name or password</p>");
  return provider.interactionFinished(request, response, found, { mergeWithLastSubmission: false });
}

const answer = provider.callback();
createServer(async (request, response) => {
  const uid = /^\/login\/([\w-]+)$/.exec(new URL(request.url, issuer).pathname)?.[1];
  if (!uid) return answer(request, response);
  try {
    await interact(uid, request, response);
  } catch (wrong) {
    response.writeHead(400, { "content-type": "text/plain" }).end(String(wrong));
  }
}).listen(Number(port), "127.0.0.1");
