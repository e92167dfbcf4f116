// @ts-check
/**
 * `npm run bench`: measures the service and, in the same rounds, the floors it is held against.
 * See docs/performance.md.
 */
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cases } from './cases.mjs';
import { cores, machine, startGenerator, startPostgres, startRedis } from './processes.mjs';
import { profileIn, selfTimes } from './profile.mjs';
import { summarize, table } from './report.mjs';
import { VerifyValues } from './verify-values.mjs';
import { virtualUser } from './virtual-users.mjs';
import { Connection } from './connection.mjs';

const HELP = `npm run bench -- [options]

  --only NAMES         cases whose name holds one of these, by commas; their floors come with them
  --connections LIST   1,64,256
  --rounds N           3; every round starts every server anew
  --seconds N          3 of measurement for each case and number of connections
  --requests N         so many requests instead
  --warmup N           1.5 seconds before each measurement
  --users N            256 virtual users
  --json               JSON on stdout instead of the table
  --profile            one round at 64 connections under --cpu-prof: the profile's path and top functions
  --top N              10 functions of the profile
  --list               the names of the cases
`;

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    connections: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string', default: '3' },
    requests: { type: 'string' },
    warmup: { type: 'string', default: '1.5' },
    users: { type: 'string', default: '256' },
    json: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    top: { type: 'string', default: '10' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** @typedef {import('./cases.mjs').Case} Case */
/** @typedef {import('./virtual-users.mjs').Session} Session */

const TMPFS = 0x01021994;
const connectionCounts = (flags.connections ?? (flags.profile ? '64' : '1,64,256')).split(',').map(Number);
const rounds = Number(flags.rounds ?? (flags.profile ? 1 : 3));
const userCount = Math.max(Number(flags.users), ...connectionCounts);

/** @param {string} text */
const say = (text) => process.stderr.write(`${text}\n`);

/** @returns {Case[]} what --only leaves, with the floors that it needs */
function chosenCases() {
  const wanted = flags.only?.split(',');
  if (!wanted) return cases;
  const named = cases.filter(({ name }) => wanted.some((part) => name.includes(part)));
  const floors = flags.profile ? [] : named.map(({ floor }) => floor);
  return cases.filter((each) => named.includes(each) || floors.includes(each.name));
}

/**
 * Where each virtual user's chain begins: seeded, or by a login of its own.
 *
 * @param {Case} each
 * @param {number} port
 * @returns {Promise<Session[]>}
 */
async function firstSessions(each, port) {
  if (each.seeded) return each.seeded(userCount);
  const connection = new Connection(port);
  await connection.opened();
  const verifyValues = new VerifyValues(each.account.verifyKey);
  const nobody = { account: each.account, refreshToken: '', tokenSeq: 0, accessToken: '' };
  const user = virtualUser('login', nobody, verifyValues, each.secret);
  /** @type {Session[]} */
  const sessions = [];
  while (sessions.length < userCount) {
    const answer = await new Promise((resolve) => connection.send(user.request(), resolve));
    const wrong = user.judge(answer);
    if (wrong !== null) throw new Error(`${each.name}: login: ${wrong}`);
    sessions.push(user.session);
  }
  connection.close();
  return sessions;
}

async function main() {
  const chosen = chosenCases();

  mkdirSync('data', { recursive: true });
  const folder = mkdtempSync(path.resolve('data', 'bench-'));
  if (statfsSync(folder).type === TMPFS)
    say('data/ is in memory: a durable write costs nothing here and the figures say too little');
  if (cores === null) say('server and generator share their cores: the figures say too little');

  const redis = chosen.some(({ needs }) => needs.includes('redis')) ? await startRedis(folder) : 'not needed';
  const postgres = chosen.some(({ needs }) => needs.includes('postgres'))
    ? await startPostgres()
    : 'not needed';
  let generator = startGenerator();
  /** @type {Map<string, Session[]>} */
  const chains = new Map();
  /** @type {import('./report.mjs').Sample[]} */
  const samples = [];

  /**
   * @param {Case} each
   * @param {number} round
   */
  async function measure(each, round) {
    const stores = each.needs.map((need) => (need === 'redis' ? redis : postgres));
    const missing = stores.find((store) => typeof store === 'string');
    if (typeof missing === 'string') {
      if (round === 0) say(`${each.name}: left out, ${missing}`);
      return;
    }
    const own = path.join(folder, each.name);
    mkdirSync(own, { recursive: true });
    const server = await each.start({
      folder: own,
      redisUrl: typeof redis === 'string' ? '' : redis.url,
      postgresUrl: typeof postgres === 'string' ? '' : postgres.url,
      nodeOptions: flags.profile ? ['--cpu-prof', '--cpu-prof-interval', '250', '--cpu-prof-dir', own] : [],
      sessions: userCount,
      env: {},
    });
    /** @type {[number, number]} */
    let window = [0, 0];
    let requests = 0;
    try {
      let sessions =
        (each.forgets ? undefined : chains.get(each.name)) ?? (await firstSessions(each, server.port));
      for (const connections of connectionCounts) {
        if (connections > each.slots) continue;
        const result = await generator.run({
          port: server.port,
          connections,
          warmupSeconds: Number(flags.warmup),
          seconds: flags.requests === undefined ? Number(flags.seconds) : null,
          requests: flags.requests === undefined ? null : Number(flags.requests),
          scenario: each.scenario,
          sessions,
          secret: each.secret,
          serverPids: [server.pid],
          storePids: stores.flatMap((store) => (typeof store === 'string' ? [] : store.pids)),
        });
        ({ sessions, window } = result);
        requests = result.requests;
        const { sessions: _sessions, window: _window, ...kept } = result;
        samples.push({
          name: each.name,
          title: each.title,
          floor: each.floor,
          target: each.target,
          connections,
          round,
          result: kept,
        });
        say(
          `round ${round + 1}  ${each.name.padEnd(16)} ${String(connections).padStart(4)} connections  ` +
            `${kept.serverCpu.toFixed(1).padStart(7)} µs  ${kept.perSecond.toFixed(0).padStart(6)}/s` +
            (kept.failures > 0 ? `  ${kept.failures} FAILED: ${kept.firstFailure}` : ''),
        );
      }
      chains.set(each.name, sessions);
    } finally {
      await server.stop();
    }
    if (flags.profile) printProfile(each, own, window, requests);
  }

  try {
    // In turn, not one after the other: what the machine does besides then falls on all alike.
    for (let round = 0; round < rounds; round++) {
      for (const each of chosen) {
        try {
          await measure(each, round);
        } catch (error) {
          say(`${each.name}: ${error instanceof Error ? error.message : String(error)}`);
          process.exitCode = 1;
          generator.stop();
          generator = startGenerator();
        }
      }
    }
  } finally {
    generator.stop();
    if (typeof redis !== 'string') await redis.stop();
    if (typeof postgres !== 'string') await postgres.stop();
    if (!flags.profile) rmSync(folder, { recursive: true });
  }

  const rows = summarize(samples);
  if (flags.json) {
    const at = new Date().toISOString();
    process.stdout.write(`${JSON.stringify({ at, machine: machine(), flags, rows, samples }, null, 2)}\n`);
  } else if (!flags.profile) process.stdout.write(`\n${machine()}\n\n${table(rows)}\n`);
  if (rows.some(({ failures }) => failures > 0)) {
    say('answers were wrong: the figures of those cases are worth nothing');
    process.exitCode = 1;
  }
}

/**
 * @param {Case} each
 * @param {string} folder
 * @param {[number, number]} window
 * @param {number} requests
 */
function printProfile(each, folder, window, requests) {
  const file = profileIn(folder);
  if (file === null) {
    say(`${each.name}: no profile was written`);
    return;
  }
  const times = selfTimes(file, window);
  const total = times.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const lines = times
    .slice(0, Number(flags.top))
    .map(
      ({ name, place, microseconds }) =>
        `${(microseconds / requests).toFixed(2).padStart(8)}  ${((100 * microseconds) / total).toFixed(1).padStart(5)} %  ${name}  ${place}`,
    );
  process.stdout.write(
    `\n${each.title}: ${requests} requests, ${(total / requests).toFixed(1)} µs each under the profiler\n` +
      `${file}\n\n µs each    share  function\n${lines.join('\n')}\n`,
  );
  writeFileSync(path.join(folder, 'self-times.json'), JSON.stringify({ requests, times }, null, 1));
}

if (flags.help) process.stdout.write(HELP);
else if (flags.list)
  process.stdout.write(
    `${chosenCases()
      .map(({ name }) => name)
      .join('\n')}\n`,
  );
else await main();
