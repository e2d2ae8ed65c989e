// Checks tokens by npm's jose: a job on standard input, a list of payloads (null where it refuses) on standard output.
//
//   node jose.mjs PATH_OF_JOSE < {"jwks", "tokens", "issuer", "audience", "algorithms", "now", "leeway"}

import { readFileSync } from "node:fs";

const { createLocalJWKSet, jwtVerify } = await import(process.argv[2]);
const job = JSON.parse(readFileSync(0, "utf8"));
const keys = createLocalJWKSet(job.jwks);
const options = {
  algorithms: job.algorithms,
  audience: job.audience,
  clockTolerance: job.leeway,
  currentDate: new Date(job.now * 1000),
  issuer: job.issuer,
  requiredClaims: ["exp", "iat", "sub", "jti", "client_id"],
  typ: "at+jwt",
};

async function payloadOf(token) {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch {
    return null;
  }
}

process.stdout.write(JSON.stringify(await Promise.all(job.tokens.map(payloadOf))));
