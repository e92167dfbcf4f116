// @ts-check
/** The cases that are measured: each is a server, how to start it, and what its virtual users do. */
import path from 'node:path';
import { seededToken } from './floors/bare-answer.mjs';
import {
  DATABASE,
  floorServer,
  peerServer,
  PEPPER,
  SECRET,
  service,
  sqlite,
  withClient,
} from './servers.mjs';

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
 * @property {import('./servers.mjs').Start} start
 * @property {((count: number) => Session[]) | null} seeded sessions that need no login
 */

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
    floor: 'rotate-redis',
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
    floor: 'rotate-redis',
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
