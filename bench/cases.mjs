// @ts-check
/** The cases that are measured: each is a server, how to start it, and what its virtual users do. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { seededToken } from './floors/bare-answer.mjs';
import { startServer } from './processes.mjs';
import { VerifyValues } from './verify-values.mjs';

const ROOT = path.join(import.meta.dirname, '..');
const SECRET = 'bench-secret-bench-secret-bench-secret';
const PEPPER = 'bench-pepper-bench-pepper-bench-pepper';
const DATABASE = 'bo-auth.sqlite';
const UNVERIFIED = '--no-verify';

/** @typedef {import('./virtual-users.mjs').Account} Account */
/** @typedef {import('./virtual-users.mjs').Session} Session */

/** @type {Account} its refresh policy is `reuse` */
const PTDEV = {
  owner: 'ptdev',
  verifyKey: 'ptdev-58',
  userName: 'dev',
  password: 'dev-password',
  clientId: 'ptdev',
};
/** @type {Account} its refresh policy is `rotate` */
const ACME = {
  owner: 'acme',
  verifyKey: 'acme-key',
  userName: 'bob',
  password: 'bob-password',
  clientId: 'acme-web',
};

/**
 * @typedef {object} Surroundings
 * @property {string} folder of the case, kept between rounds
 * @property {string} redisUrl
 * @property {string} postgresUrl
 * @property {{ cert: string, key: string } | null} tls PEM files; null: plain HTTP
 * @property {string[]} nodeOptions such as `--cpu-prof`
 * @property {Record<string, string>} env additional variables of the service
 * @property {boolean} spread whether the server runs on all cores instead of its own
 * @property {number} sessions how many the server must know
 */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} title
 * @property {string | null} floor the case that it is compared with, measured in the same round
 * @property {number | null} target highest acceptable ratio to that floor
 * @property {string | null} unverifiedFloor the same floor without the opening of `XverifyApi`
 * @property {boolean} plainOnly whether the server speaks no TLS here
 * @property {('redis' | 'postgres')[]} needs
 * @property {import('./virtual-users.mjs').Scenario} scenario
 * @property {Account} account
 * @property {number} slots highest sensible number of connections; a few logins already use all cores
 * @property {boolean} forgets whether a restart resets its sessions
 * @property {string} secret of the access tokens
 * @property {string} pepper of the refresh tokens
 * @property {string} database file in the folder of the case, if it has one
 * @property {(surroundings: Surroundings) => Promise<import('./processes.mjs').Running>} start
 * @property {((count: number) => Session[]) | null} seeded sessions that need no login
 */

/** @param {Surroundings} surroundings */
const tlsFlags = ({ tls }) => (tls === null ? [] : ['--tls-cert', tls.cert, '--tls-key', tls.key]);

/**
 * @param {string} file
 * @param {(surroundings: Surroundings) => string[]} [database]
 * @returns {Case['start']}
 */
function floorServer(file, database = () => []) {
  return (surroundings) =>
    startServer(
      [
        ...surroundings.nodeOptions,
        path.join(import.meta.dirname, 'floors', file),
        '--port',
        '{port}',
        ...(file === 'bare-nest.mjs'
          ? []
          : ['--sessions', String(surroundings.sessions), '--secret', SECRET]),
        ...tlsFlags(surroundings),
        ...database(surroundings),
      ],
      { log: path.join(surroundings.folder, 'server.log') },
    );
}

/** The flags with which `npm start` and the image start the service. */
const NODE_FLAGS = ['--max-semi-space-size=32'];

/**
 * The service as `npm start` runs it, with all guards, log lines and metrics; only the rate limit is off.
 *
 * @param {(surroundings: Surroundings) => Record<string, string>} env
 * @returns {Case['start']}
 */
function service(env) {
  return (surroundings) => {
    const main = path.join(ROOT, 'dist', 'main.js');
    if (!existsSync(main)) throw new Error('dist/main.js is missing: npm run build');
    return startServer([...NODE_FLAGS, ...surroundings.nodeOptions, main], {
      log: path.join(surroundings.folder, 'server.log'),
      spread: surroundings.spread,
      env: {
        NODE_ENV: 'development',
        JWT_SECRET: SECRET,
        TOKEN_PEPPER: PEPPER,
        RATE_LIMIT_PER_MINUTE: '0',
        ...(surroundings.tls && { TLS_CERT_FILE: surroundings.tls.cert, TLS_KEY_FILE: surroundings.tls.key }),
        ...env(surroundings),
        ...surroundings.env,
      },
    });
  };
}

/**
 * A server of `peers/` with a Redis database of its own, started with the same flags as the service.
 *
 * @param {string} file
 * @param {number} database
 * @returns {Case['start']}
 */
function peerServer(file, database) {
  return (surroundings) =>
    startServer(
      [
        ...NODE_FLAGS,
        ...surroundings.nodeOptions,
        path.join(import.meta.dirname, 'peers', file),
        '--port',
        '{port}',
        '--sessions',
        String(surroundings.sessions),
        '--secret',
        SECRET,
        '--redis',
        `${surroundings.redisUrl}/${database}`,
        ...tlsFlags(surroundings),
      ],
      {
        log: path.join(surroundings.folder, 'server.log'),
        spread: surroundings.spread,
        env: { NODE_ENV: 'production' },
      },
    );
}

/**
 * The service with the account's client registered.
 *
 * @param {Case['start']} start
 * @param {Account} account
 * @returns {Case['start']}
 */
function withClient(start, { owner, verifyKey, clientId }) {
  return async (surroundings) => {
    const running = await start(surroundings);
    const answer = await fetch(`http://127.0.0.1:${running.port}/bo/api/v3/admin/projects/${owner}/clients`, {
      method: 'POST',
      headers: {
        XownerId: owner,
        XverifyApi: new VerifyValues(verifyKey).next(),
        Authorization: 'Bearer development-only-operator-token-change-me',
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ clientId, type: 'public' }),
    });
    // 409: registered in an earlier round.
    if (answer.status !== 201 && answer.status !== 409) throw new Error(await answer.text());
    return running;
  };
}

/** @param {Surroundings} surroundings */
const sqlite = ({ folder }) => ({ DATABASE_URL: `sqlite:${path.join(folder, DATABASE)}` });

/** @param {number} count */
const seeded = (count) =>
  Array.from({ length: count }, (_, i) => ({
    account: PTDEV,
    refreshToken: seededToken(i),
    tokenSeq: 0,
    accessToken: '',
  }));

/** Defaults for all cases. */
const DEFAULTS = /** @satisfies {Partial<Case>} */ ({
  floor: /** @type {string | null} */ (null),
  target: /** @type {number | null} */ (null),
  unverifiedFloor: /** @type {string | null} */ (null),
  plainOnly: false,
  needs: /** @type {Case['needs']} */ ([]),
  account: PTDEV,
  slots: Infinity,
  forgets: false,
  secret: SECRET,
  pepper: PEPPER,
  database: DATABASE,
  seeded: /** @type {Case['seeded']} */ (null),
});

/** @type {Case[]} */
export const cases = [
  {
    ...DEFAULTS,
    name: 'floor-http',
    title: 'floor: bare node:http',
    scenario: 'reuse',
    start: floorServer('bare-http.mjs'),
    forgets: true,
    seeded,
  },
  {
    ...DEFAULTS,
    name: 'floor-sqlite',
    title: 'floor: bare node:http, durable SQLite write',
    scenario: 'rotate',
    start: floorServer('bare-http.mjs', ({ folder }) => ['--database', path.join(folder, 'floor.sqlite')]),
    forgets: true,
    seeded,
  },
  {
    ...DEFAULTS,
    name: 'floor-postgres',
    title: 'floor: bare node:http, UPDATE … RETURNING in Postgres',
    needs: ['postgres'],
    scenario: 'rotate',
    start: floorServer('bare-postgres.mjs', ({ postgresUrl }) => ['--database', postgresUrl]),
    forgets: true,
    seeded,
  },
  {
    ...DEFAULTS,
    name: 'floor-http-unverified',
    title: 'floor: bare node:http, XverifyApi unopened',
    scenario: 'reuse',
    start: floorServer('bare-http.mjs', () => [UNVERIFIED]),
    forgets: true,
    seeded,
  },
  {
    ...DEFAULTS,
    name: 'floor-sqlite-unverified',
    title: 'floor: durable SQLite write, XverifyApi unopened',
    scenario: 'rotate',
    start: floorServer('bare-http.mjs', ({ folder }) => [
      UNVERIFIED,
      '--database',
      path.join(folder, 'floor.sqlite'),
    ]),
    forgets: true,
    seeded,
  },
  {
    ...DEFAULTS,
    name: 'floor-postgres-unverified',
    title: 'floor: UPDATE … RETURNING, XverifyApi unopened',
    needs: ['postgres'],
    scenario: 'rotate',
    start: floorServer('bare-postgres.mjs', ({ postgresUrl }) => [UNVERIFIED, '--database', postgresUrl]),
    forgets: true,
    seeded,
  },
  {
    ...DEFAULTS,
    name: 'floor-nest',
    plainOnly: true,
    title: 'floor: bare Nest + Fastify, small JSON',
    scenario: 'plain',
    start: floorServer('bare-nest.mjs'),
    forgets: true,
    seeded,
  },
  {
    ...DEFAULTS,
    name: 'floor-form',
    plainOnly: true,
    title: 'floor: the same work as a Nest application',
    floor: 'floor-http',
    unverifiedFloor: 'floor-http-unverified',
    scenario: 'reuse',
    start: floorServer('bare-form.mjs'),
    forgets: true,
    seeded,
  },
  {
    ...DEFAULTS,
    name: 'reuse-sqlite',
    title: 'refresh reuse, SQLite',
    floor: 'floor-http',
    unverifiedFloor: 'floor-http-unverified',
    target: 1.8,
    scenario: 'reuse',
    start: service(sqlite),
  },
  {
    ...DEFAULTS,
    name: 'rotate-sqlite',
    title: 'refresh rotate, SQLite (FULL)',
    floor: 'floor-sqlite',
    unverifiedFloor: 'floor-sqlite-unverified',
    target: 2.2,
    scenario: 'rotate',
    account: ACME,
    start: service(sqlite),
  },
  {
    ...DEFAULTS,
    name: 'oauth-sqlite',
    plainOnly: true,
    title: 'refresh_token grant, rotate, SQLite (FULL)',
    floor: 'rotate-sqlite',
    target: 1.2,
    scenario: 'oauth',
    account: ACME,
    start: withClient(service(sqlite), ACME),
  },
  {
    ...DEFAULTS,
    name: 'reuse-redis',
    title: 'refresh reuse, SQLite and Redis',
    floor: 'floor-http',
    unverifiedFloor: 'floor-http-unverified',
    target: 2.5,
    needs: ['redis'],
    scenario: 'reuse',
    start: service((s) => ({ ...sqlite(s), REDIS_URL: s.redisUrl })),
  },
  {
    ...DEFAULTS,
    name: 'rotate-redis',
    title: 'refresh rotate, SQLite (FULL) and Redis',
    floor: 'floor-sqlite',
    unverifiedFloor: 'floor-sqlite-unverified',
    target: 2.5,
    needs: ['redis'],
    scenario: 'rotate',
    account: ACME,
    start: service((s) => ({ ...sqlite(s), REDIS_URL: s.redisUrl })),
  },
  {
    ...DEFAULTS,
    name: 'rotate-postgres',
    title: 'refresh rotate, Postgres',
    floor: 'floor-postgres',
    unverifiedFloor: 'floor-postgres-unverified',
    target: 2.2,
    needs: ['postgres'],
    scenario: 'rotate',
    account: ACME,
    start: service((s) => ({ DATABASE_URL: s.postgresUrl })),
  },
  {
    ...DEFAULTS,
    name: 'peer-oidc-provider',
    title: 'peer: node-oidc-provider, Redis',
    floor: 'floor-http',
    unverifiedFloor: 'floor-http-unverified',
    needs: ['redis'],
    scenario: 'peer',
    start: peerServer('oidc-provider.mjs', 1),
    forgets: true,
    seeded,
  },
  {
    ...DEFAULTS,
    name: 'peer-oauth2-server',
    title: 'peer: @node-oauth/oauth2-server, Redis',
    floor: 'floor-http',
    unverifiedFloor: 'floor-http-unverified',
    needs: ['redis'],
    scenario: 'peer',
    start: peerServer('oauth2-server.mjs', 2),
    forgets: true,
    seeded,
  },
  {
    ...DEFAULTS,
    name: 'introspect',
    title: 'introspection of a refresh token, SQLite',
    floor: 'floor-http',
    unverifiedFloor: 'floor-http-unverified',
    scenario: 'introspect',
    start: service(sqlite),
  },
  {
    ...DEFAULTS,
    name: 'login',
    title: 'login (argon2id), SQLite',
    scenario: 'login',
    account: ACME,
    slots: 64,
    start: service(sqlite),
  },
];
