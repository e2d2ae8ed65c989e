// npm's @node-oauth/oauth2-server as a server of OAuth 2.0 that knows no OpenID, under GitHub's paths. Codes, PKCE, refresh
// and the clients' authentication are the library's; its memory, the page, /user and revocation (RFC 7009) are here.
//
//   node oauth.mjs PACKAGES PORT WORDS.json

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [packages, port, words] = process.argv.slice(2);
const { clients, people, accessLives } = JSON.parse(readFileSync(words, "utf8"));
const OAuth2Server = createRequire(`${packages}/`)("@node-oauth/oauth2-server");

const codes = new Map();
const access = new Map();
const refresh = new Map();

async function getClient(id, secret) {
  const client = clients[id];
  if (!client || (secret !== null && secret !== client.secret)) return false;
  return { id, grants: ["authorization_code", "refresh_token"], redirectUris: client.redirectUris };
}

const model = {
  getClient,
  async saveAuthorizationCode(code, client, user) {
    codes.set(code.authorizationCode, { ...code, client, user });
    return codes.get(code.authorizationCode);
  },
  getAuthorizationCode: async (code) => codes.get(code),
  revokeAuthorizationCode: async (code) => codes.delete(code.authorizationCode),
  async saveToken(token, client, user) {
    const kept = { ...token, client, user };
    access.set(token.accessToken, kept);
    refresh.set(token.refreshToken, kept);
    return kept;
  },
  getAccessToken: async (token) => access.get(token),
  getRefreshToken: async (token) => refresh.get(token),
  async revokeToken(token) {
    access.delete(token.accessToken);
    return refresh.delete(token.refreshToken);
  },
  validateScope: async (_user, _client, scope) => scope ?? ["read:user"],
  verifyScope: async () => true,
};
const server = new OAuth2Server({
  model,
  accessTokenLifetime: accessLives,
  authorizationCodeLifetime: 60,
  refreshTokenLifetime: 86400,
  requireClientAuthentication: { authorization_code: true, refresh_token: true },
});

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
const page = (query, says) => `<!doctype html>
<title>Sign in to Otherhub</title>
<h1>Sign in to Otherhub</h1>
${says}
<form method="post" action="/login/oauth/authorize${escaped(query)}">
<label>Name <input name="name" autofocus></label>
<label>Password <input name="password" type="password"></label>
<button name="do" value="sign-in">Sign in</button>
<button name="do" value="cancel">Cancel</button>
</form>`;

async function formOf(request) {
  let text = "";
  for await (const piece of request) text += piece;
  return Object.fromEntries(new URLSearchParams(text));
}

function asked(request, url, body = {}) {
  const length = request.method === "POST" ? { "content-length": "1" } : {};
  const query = Object.fromEntries(url.searchParams);
  return new OAuth2Server.Request({ headers: { ...request.headers, ...length }, method: request.method, query, body });
}

const json = (status, body, headers = {}) => ({ status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
const told = (given) => json(given.status ?? 200, given.body ?? {}, given.headers);

async function authorize(request, url) {
  const form = request.method === "POST" ? await formOf(request) : {};
  const person = people[form.name];
  const isCancelled = form.do === "cancel";
  if (!isCancelled && (!person || person.password !== form.password)) {
    const says = request.method === "POST" ? "<p role=alert>Wrong name or password</p>" : "";
    return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: page(url.search, says) };
  }
  if (isCancelled) url.searchParams.set("allowed", "false"); // the library's own word for it
  const given = new OAuth2Server.Response();
  const authenticateHandler = { handle: () => ({ login: form.name }) };
  try {
    await server.authorize(asked(request, url), given, { authenticateHandler });
  } catch (wrong) {
    if (!given.headers?.location) throw wrong; // it goes back to the client only if that is known
  }
  return told(given);
}

async function token(request, url) {
  const given = new OAuth2Server.Response();
  await server.token(asked(request, url, await formOf(request)), given);
  return told(given);
}

async function revoke(request) {
  const form = await formOf(request);
  const basic = Buffer.from((request.headers.authorization ?? "").replace(/^Basic /, ""), "base64").toString();
  const [id, secret] = basic.includes(":") ? basic.split(":") : [form.client_id, form.client_secret ?? ""];
  if (!(await getClient(id, secret))) return json(401, { error: "invalid_client" });
  const kept = access.get(form.token) ?? refresh.get(form.token);
  if (kept) await model.revokeToken(kept);
  return { status: 200, headers: {}, body: "" };
}

async function person(request, url) {
  const { user } = await server.authenticate(asked(request, url), new OAuth2Server.Response());
  const { claims, emails } = people[user.login];
  return json(200, url.pathname === "/user" ? { login: user.login, ...claims } : emails);
}

const ROUTES = {
  "GET /login/oauth/authorize": authorize,
  "POST /login/oauth/authorize": authorize,
  "POST /login/oauth/access_token": token,
  "POST /login/oauth/revoke": revoke,
  "GET /user": person,
  "GET /user/emails": person,
};

createServer(async (request, response) => {
  const url = new URL(request.url, `http://127.0.0.1:${port}`);
  const route = ROUTES[`${request.method} ${url.pathname}`] ?? (() => json(404, { message: "Not Found" }));
  let answer;
  try {
    answer = await route(request, url);
  } catch (wrong) {
    answer = json(wrong.code ?? 500, { error: wrong.name, error_description: wrong.message });
  }
  response.writeHead(answer.status, answer.headers).end(answer.body);
}).listen(Number(port), "127.0.0.1");
