// @ts-check
/**
 * `npm run check:verify`: compares the cost of @bo-auth/resource-server with that of `jose.jwtVerify` and a cached key, in
 * alternating rounds of one run.
 */
import { createVerifier } from '@bo-auth/resource-server';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

// Short rounds, so that other work on the machine meets both.
const WARM_UP = 20;
const ROUNDS = 150;
const PER_ROUND = 100;
const REVOKED = 10_000;
const MAX_RATIO = 1.2;

/** The claims of a usual token. */
const CLAIMS = {
  iss: 'RG3',
  aud: 'api',
  id: 'alice',
  name: 'alice',
  client_id: 'web',
  expires: '2026/1/1 00:00:00',
  open_id: '',
  wb_id: '',
  wx_open_id: '',
  wx_union_id: '',
  telephone: '',
  push_name: 'Alice',
  head_icon: '',
  dep_id: '1,2',
  sys_id: 'crm',
  merge_user_id: '',
  area_code: '110000',
  role_id: 'sales',
  developer: '0',
  owner_id: 'acme',
  sub: 'alice',
};

const { privateKey, publicKey } = await generateKeyPair('ES256');
const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' };
const now = Math.floor(Date.now() / 1000);
const sid = () => randomBytes(8).toString('hex');

// The answers of the service: a key set, and a feed that has revoked many sessions.
const ended = Array.from({ length: REVOKED }, () => ({ sid: sid(), exp: now + 3600 }));
let pages = 0;
const service = createServer((request, response) => {
  if (request.url?.startsWith('/.well-known/')) response.end(JSON.stringify({ keys: [jwk] }));
  else if (pages++ === 0) response.end(JSON.stringify({ cursor: '1', ended, users: [] }));
  else if (pages === 2) response.end(JSON.stringify({ cursor: '2', ended: [], users: [] }));
}).listen(0, '127.0.0.1');
await once(service, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (service.address());

const before = memory();
const verifier = createVerifier({
  url: `http://127.0.0.1:${port}`,
  ownerId: 'acme',
  feed: { clientId: 'bench', clientSecret: 'bench' },
});
await verifier.ready();
const held = memory() - before;

const tokens = await Promise.all(
  Array.from({ length: 100 }, () =>
    new SignJWT({ ...CLAIMS, sid: sid(), jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: 'bench' })
      .setIssuedAt(now)
      .setExpirationTime(now + 3600)
      .sign(privateKey),
  ),
);
const rules = { issuer: 'RG3', audience: 'api', algorithms: ['ES256'] };
const runs = {
  jose: (/** @type {string} */ token) => jwtVerify(token, publicKey, rules),
  kit: (/** @type {string} */ token) =>
    verifier.authenticate({ headers: { authorization: `Bearer ${token}` } }),
};

/** @returns µs for each token, one after the other */
async function measure(/** @type {(token: string) => Promise<unknown>} */ run) {
  const start = performance.now();
  for (let at = 0; at < PER_ROUND; at++) await run(tokens[at % tokens.length] ?? '');
  return ((performance.now() - start) * 1000) / PER_ROUND;
}

/** @type {{ jose: number, kit: number, ratio: number }[]} */
const rounds = [];
for (let round = -WARM_UP; round < ROUNDS; round++) {
  // In this order, a machine that becomes slower or faster does not favour one of them.
  const first = await measure(runs.jose);
  const kit = ((await measure(runs.kit)) + (await measure(runs.kit))) / 2;
  const jose = (first + (await measure(runs.jose))) / 2;
  if (round >= 0) rounds.push({ jose, kit, ratio: kit / jose });
}
verifier.close();
service.close();
service.closeAllConnections();

const median = (/** @type {number[]} */ values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
const ratio = median(rounds.map((round) => round.ratio));
process.stdout.write(
  [
    `jose.jwtVerify with its key        ${median(rounds.map(({ jose }) => jose)).toFixed(1)} µs`,
    `verifier with ${REVOKED} revocations  ${median(rounds.map(({ kit }) => kit)).toFixed(1)} µs`,
    `ratio                              ${ratio.toFixed(2)} (at most ${MAX_RATIO})`,
    `memory for the revocations         ${(held / 1e6).toFixed(1)} MB`,
    '',
  ].join('\n'),
);
process.exitCode = ratio <= MAX_RATIO ? 0 : 1;

function memory() {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
