// npm's oidc-provider with one client, its tokens in memory: JWTs by ES256 for one resource, opaque ones for another.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [packages, port, words] = process.argv.slice(2);
const { id, secret, jwt, opaque } = JSON.parse(readFileSync(words, 'utf8'));
const entry = createRequire(`${packages}/`).resolve('oidc-provider');
const { default: Provider } = await import(pathToFileURL(entry));

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const scope = 'notes:read notes:write';
const resources = {
  [jwt]: { scope, audience: jwt, accessTokenFormat: 'jwt', accessTokenTTL: 900, jwt: { sign: { alg: 'ES256' } } },
  [opaque]: { scope, audience: opaque, accessTokenFormat: 'opaque', accessTokenTTL: 900 },
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: id,
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
  }],
  jwks: { keys: [{ ...key, alg: 'ES256', use: 'sig', kid: 'one' }] },
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    devInteractions: { enabled: false },
    resourceIndicators: { enabled: true, getResourceServerInfo: (_context, resource) => resources[resource] },
  },
});
provider.listen(Number(port), '127.0.0.1');
