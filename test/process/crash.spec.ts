import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import type { Envelope } from '../../src/response/envelope/envelope.js';
import { postgresRows } from '../history/rows.js';
import { sqliteStores, type Stores } from '../history/stores.js';
import { API, claimsOf, encryptByDES } from '../support/app.js';
import { TestDatabase } from '../support/database.js';
import { RedisServer } from '../support/redis.js';
import { built, endAll, ServiceProcess } from '../support/service-process.js';
import { temporaryFolder } from '../support/temporary.js';

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

const refresh = (service: ServiceProcess, token: string) =>
  ask(service, `/auth/token/refresh?refreshToken=${token}`);

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
  let service: ServiceProcess;
  const start = (): Promise<ServiceProcess> =>
    ServiceProcess.start({ ...stores.environment, MOMENT_FILE: momentFile }, { nodeOptions });
  beforeAll(async () => {
    stores = await open();
    service = await start();
  }, 180_000);
  afterAll(async () => {
    endAll();
    await stores?.close();
  });

  async function generationOf(grant: TokenGrant): Promise<unknown> {
    const rows = await stores.rows();
    try {
      const [row] = await rows.all('SELECT generation FROM bo_auth_session WHERE id = $1', [
        String(claimsOf(grant.accessToken)['sid']),
      ]);
      return row?.['generation'];
    } finally {
      await rows.close();
    }
  }

  it.each([
    ['before', [1]],
    ['at', [1, 2]],
    ['after', [2]],
  ])(
    '%s its commit: the token gives one successor after the restart, and the chain goes on',
    async (moment, generations) => {
      const first = await ask(service, '/auth/token', { userName: 'alice', password: 'alice-password' });
      const second = await refresh(service, first.refreshToken);
      writeFileSync(momentFile, moment);
      await expect(refresh(service, second.refreshToken)).rejects.toThrow('fetch failed');
      expect((await service.exited).signal).toBe('SIGKILL');
      rmSync(momentFile);
      expect(generations).toContain(await generationOf(second));

      service = await start();
      const third = await refresh(service, second.refreshToken);
      expect((await refresh(service, second.refreshToken)).refreshToken).toBe(third.refreshToken);
      expect(third.tokenSeq).toBe(3);
      expect(await generationOf(second)).toBe(2);
      expect((await refresh(service, third.refreshToken)).tokenSeq).toBe(4);
    },
  );
});
