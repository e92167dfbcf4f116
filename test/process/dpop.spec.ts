import type { TokenGrant } from '../../src/auth/token-grant.js';
import { RedisLink } from '../../src/cache/redis-link.js';
import { call, dataOf, refusalOf, startApp, type TestApp } from '../support/app.js';
import { RedisServer } from '../support/redis.js';
import { eventually, temporaryFolder } from '../support/temporary.js';
import { DpopClient } from '../auth/dpop-client.js';

const REFUSED = '401 DPOP_PROOF_INVALID';
const URL = '/auth/token/refresh';
const signIn = {
  method: 'POST',
  url: '/auth/token',
  payload: { userName: 'alice', password: 'alice-password' },
} as const;

let redis: RedisServer;
let a: TestApp;
let b: TestApp;
let client: DpopClient;
const folder = temporaryFolder();

beforeAll(async () => {
  redis = await RedisServer.start();
  const env = { DATABASE_URL: `sqlite:${folder.path}/test.sqlite`, REDIS_URL: redis.url };
  // Two first starts at once: one migrates and writes the demo data, the other waits for it.
  [a, b] = await Promise.all([startApp(env), startApp(env)]);
  const isAnswering = (test: TestApp) => test.app.get(RedisLink, { strict: false }).isAnswering;
  await eventually('both have Redis', () => isAnswering(a) && isAnswering(b));
  client = await DpopClient.of(a);
});
afterAll(async () => {
  await Promise.all([a?.close(), b?.close()]);
  await redis?.stop();
  folder.remove();
});

const bound = async () => dataOf(await client.call<TokenGrant>(signIn));
const renew = (test: TestApp, refreshToken: string, proof?: string) =>
  call<TokenGrant>(test, {
    method: 'POST',
    url: URL,
    payload: { refreshToken },
    headers: { DPoP: proof },
  });

it('a session is bound in all processes', async () => {
  const { refreshToken } = await bound();
  expect(refusalOf(await renew(b, refreshToken))).toBe(REFUSED);
  const next = dataOf(await renew(b, refreshToken, await client.proof('POST', URL)));
  expect(refusalOf(await renew(a, next.refreshToken))).toBe(REFUSED);
  expect(dataOf(await renew(a, next.refreshToken, await client.proof('POST', URL))).tokenSeq).toBe(3);
});

it('a proof serves one of two tokens at two processes, and retries at both', async () => {
  for (let round = 0; round < 5; round++) {
    const tokens = [(await bound()).refreshToken, (await bound()).refreshToken] as const;
    // A fraction of a second is valid, too.
    const iat = Date.now() / 1000 - 0.0003;
    const proof = await client.proof('POST', URL, { claims: { iat } });
    const answers = await Promise.all([renew(a, tokens[0], proof), renew(b, tokens[1], proof)]);
    expect(answers.map(({ status }) => status).toSorted((x, y) => x - y)).toEqual([200, 401]);
    const served = tokens[answers[0].status === 200 ? 0 : 1];
    for (const test of [a, b]) expect((await renew(test, served, proof)).status).toBe(200);
  }
});

it('a nonce of one process is good at the others', async () => {
  const { refreshToken } = await bound();
  await a.sql(`UPDATE bo_project SET dpop_nonce = 'on' WHERE owner_id = 'acme'`);
  for (const test of [a, b]) test.clock.advance(10_000);
  const asked = await renew(a, refreshToken, await client.proof('POST', URL));
  expect(refusalOf(asked)).toBe(REFUSED);
  const claims = { nonce: asked.headers['dpop-nonce'] };
  expect((await renew(b, refreshToken, await client.proof('POST', URL, { claims }))).status).toBe(200);
});
