// @ts-check
/**
 * `npm run check:revocation`: measures how long a second process keeps accepting an access token after the first has
 * confirmed the revocation of its session. Both share one Postgres, with and without Redis. Fails if a request sent later
 * than the stated bound was accepted. The time until the refusal arrived depends on the machine and is only printed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cases } from './cases.mjs';
import { logIn, say } from './measurement.mjs';
import { machine, startPostgres, startRedis, startServer } from './processes.mjs';
import { VerifyValues } from './verify-values.mjs';

/** Number of tries and the stated bound in ms, without and with Redis. */
const WITHOUT = { tries: 10, bound: 5_000 };
const WITH = { tries: 50, bound: 100 };
const MAIN = path.join(import.meta.dirname, '..', 'dist', 'main.js');

const each = cases.find(({ name }) => name === 'rotate-postgres');
if (each === undefined) throw new Error('no case rotate-postgres');
const { account } = each;
const verifyValues = new VerifyValues(account.verifyKey);

/**
 * @param {number} port
 * @param {string} url
 * @param {RequestInit} init
 */
const ask = (port, url, { headers, ...init } = {}) =>
  fetch(`http://127.0.0.1:${port}/bo/api/v3${url}`, {
    ...init,
    headers: { XownerId: account.owner, XverifyApi: verifyValues.next(), ...headers },
  });

/**
 * @param {number} port
 * @param {string} bearer
 */
async function user(port, bearer) {
  const answer = await ask(port, '/auth/user', { headers: { authorization: `Bearer ${bearer}` } });
  await answer.arrayBuffer();
  return answer.status;
}

/**
 * @param {number} here
 * @param {number} there
 * @returns {Promise<{ accepted: number, refused: number }>} ms from the response to the revocation (here) until the last
 * accepted request was sent, and until the first refusal arrived (both there)
 */
async function propagation(here, there) {
  const [session] = await logIn(/** @type {any} */ (each), here, 1);
  if (session === undefined) throw new Error('no session');
  // The other process now has a fresh copy.
  const before = await user(there, session.accessToken);
  if (before !== 200) throw new Error(`before the revocation: ${before}`);
  const revoked = await ask(here, '/auth/token/revoke', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refreshToken: session.refreshToken }),
  });
  if (revoked.status !== 200) throw new Error(`revocation: ${revoked.status} ${await revoked.text()}`);
  const answered = performance.now();
  for (let accepted = 0; ;) {
    const sent = performance.now() - answered;
    const status = await user(there, session.accessToken);
    if (status === 401) return { accepted, refused: performance.now() - answered };
    if (status !== 200) throw new Error(`after the revocation: ${status}`);
    accepted = sent;
  }
}

/** @param {number[]} ms */
function inWords(ms) {
  const sorted = ms.toSorted((a, b) => a - b);
  const [p50 = 0, max = 0] = [sorted[sorted.length >> 1], sorted.at(-1)];
  return `p50 ${p50.toFixed(1)} ms, max ${max.toFixed(1)} ms`;
}

const folder = mkdtempSync(path.join(tmpdir(), 'bo-auth-revocation-'));
const postgres = await startPostgres();
const redis = await startRedis(folder);
if (typeof postgres === 'string') throw new Error(postgres);
if (typeof redis === 'string') throw new Error(redis);
try {
  say(machine());
  for (const [name, url, { tries, bound }] of /** @type {const} */ ([
    ['with Redis', redis.url, WITH],
    ['without Redis', '', WITHOUT],
  ])) {
    const env = {
      NODE_ENV: 'development',
      LOG_LEVEL: 'error',
      JWT_SECRET: each.secret,
      TOKEN_PEPPER: each.pepper,
      RATE_LIMIT_PER_MINUTE: '0',
      DATABASE_URL: postgres.url,
      REDIS_URL: url,
    };
    const log = path.join(folder, 'server.log');
    const servers = [await startServer([MAIN], { log, env }), await startServer([MAIN], { log, env })];
    const [here = 0, there = 0] = servers.map(({ port }) => port);
    const took = [];
    try {
      while (took.length < tries) took.push(await propagation(here, there));
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
    const accepted = took.map((each) => each.accepted);
    process.stdout.write(
      `${name}: ${tries} revocations. The other process accepted the token until ${inWords(accepted)} after the response (bound ${bound} ms); the first refusal arrived after ${inWords(took.map(({ refused }) => refused))}\n`,
    );
    if (Math.max(...accepted) > bound) process.exitCode = 1;
  }
} finally {
  await redis.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
