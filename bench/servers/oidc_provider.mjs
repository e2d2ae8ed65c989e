// npm's oidc-provider: client_credentials and introspection, tokens in memory, JWTs by ES256.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [port, folder] = process.argv.slice(2);
const words = JSON.parse(readFileSync(`${folder}/oidc.json`, 'utf8'));
const entry = createRequire(`${words.packages}/`).resolve('oidc-provider');
const { default: Provider } = await import(pathToFileURL(entry));

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const client = {
  client_id: words.id,
  client_secret: words.secret,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'one' }] },
  scopes: ['notes:read', 'notes:write'],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => words.audience,
      getResourceServerInfo: () => ({
        scope: 'notes:read notes:write',
        audience: words.audience,
        accessTokenFormat: words.format,
        accessTokenTTL: 900,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});
provider.listen(Number(port), '127.0.0.1');
