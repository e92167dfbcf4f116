import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import type { Envelope } from '../../src/response/envelope/envelope.js';
import { postgresRows } from '../history/rows.js';
import { sqliteStores, type Stores } from '../history/stores.js';
import { API, claimsOf, dataOf, encryptByDES, refresh, startApp } from '../support/app.js';
import { TestDatabase } from '../support/database.js';
import { RedisServer } from '../support/redis.js';
import { built, endAll, ServiceProcess } from '../support/service-process.js';
import { eventually, temporaryFolder } from '../support/temporary.js';

const folder = temporaryFolder();
const momentFile = join(folder.path, 'moment');
const nodeOptions = ['--import', pathToFileURL(resolve('test/support/die-at-commit.mjs')).href];

beforeAll(built, 180_000);
afterAll(() => {
  endAll();
  folder.remove();
});

async function ask(service: ServiceProcess, path: string, body?: object): Promise<TokenGrant> {
  const response = await fetch(service.url + API + path, {
    headers: {
      XownerId: 'acme',
      XverifyApi: encryptByDES(randomUUID(), 'acme-key'),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  const { data, error } = (await response.json()) as Envelope<TokenGrant>;
  if (data === null) throw new Error(`${response.status} ${error.errorCode}`);
  return data;
}

async function postgresWithRedis(): Promise<Stores> {
  const [database, redis] = await Promise.all([TestDatabase.create(), RedisServer.start()]);
  return {
    environment: { DATABASE_URL: database.url, REDIS_URL: redis.url },
    faults: [],
    rows: () => postgresRows(database.url),
    close: async () => {
      await redis.stop();
      await database.drop();
    },
  };
}

describe.each([
  // At its commit its frames are in the log, perhaps all of them: SQLite's recovery says which.
  ['SQLite', sqliteStores],
  // At its commit the statement is sent: Postgres carries it out whether or not anyone still waits for the answer.
  ['Postgres with Redis', postgresWithRedis],
])('kill -9 in the middle of a rotation: %s', (_, open) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
  }, 180_000);
  afterAll(async () => {
    endAll();
    await stores?.close();
  });

  const idOf = (grant: TokenGrant) => String(claimsOf(grant.accessToken)['sid']);

  async function generationOf(grant: TokenGrant): Promise<unknown> {
    const rows = await stores.rows();
    try {
      const [row] = await rows.all('SELECT generation FROM bo_auth_session WHERE id = $1', [idOf(grant)]);
      return row?.['generation'];
    } finally {
      await rows.close();
    }
  }

  it('before, at or after its commit: the token gives one successor after the restart, and the chain goes on', async () => {
    const service = await ServiceProcess.start(
      { ...stores.environment, MOMENT_FILE: momentFile },
      { nodeOptions },
    );
    const refreshOver = (token: string) => ask(service, `/auth/token/refresh?refreshToken=${token}`);
    const grantFor = async () => {
      const first = await ask(service, '/auth/token', { userName: 'alice', password: 'alice-password' });
      return refreshOver(first.refreshToken);
    };
    const [before, after, at] = [await grantFor(), await grantFor(), await grantFor()];
    writeFileSync(
      momentFile,
      JSON.stringify({ [idOf(before)]: 'before', [idOf(after)]: 'after', [idOf(at)]: 'at' }),
    );
    const answers = [];
    for (const [moment, grant] of [
      ['before', before],
      ['after', after],
    ] as const) {
      answers.push(refreshOver(grant.refreshToken).catch(String));
      await eventually(moment, () => service.stderr.includes(moment));
    }
    answers.push(refreshOver(at.refreshToken).catch(String));
    for (const answer of await Promise.all(answers)) expect(answer).toBe('TypeError: fetch failed');
    expect((await service.exited).signal).toBe('SIGKILL');
    expect(await generationOf(before)).toBe(1);
    expect(await generationOf(after)).toBe(2);
    expect([1, 2]).toContain(await generationOf(at));

    const restarted = await startApp(stores.environment);
    try {
      for (const second of [before, at, after]) {
        const third = dataOf(await refresh(restarted, second.refreshToken));
        expect(dataOf(await refresh(restarted, second.refreshToken)).refreshToken).toBe(third.refreshToken);
        expect(third.tokenSeq).toBe(3);
        expect(await generationOf(second)).toBe(2);
        expect(dataOf(await refresh(restarted, third.refreshToken)).tokenSeq).toBe(4);
      }
    } finally {
      await restarted.close();
    }
  });
});
