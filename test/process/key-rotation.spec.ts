import { lastTokenEnds } from '../../src/auth/last-token.js';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { keySet, keysOf, presented, running, signWith, start } from '../auth/signing-key-service.js';
import { login } from '../support/app.js';
import { TestDatabase } from '../support/database.js';

describe('rotation', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await TestDatabase.create();
  }, 120_000);
  afterAll(async () => {
    for (const test of running.splice(0)) await test.close();
    await database?.drop();
  });

  test('is the same on Postgres', async () => {
    const DATABASE_URL = database.url;
    const first = await start({ DATABASE_URL });
    const second = await start({ DATABASE_URL });
    const { accessToken: before } = await login(first);
    // Two processes change the keys of one project at the same time.
    const kids = await Promise.all([signWith(first, 'acme', 'ES256'), signWith(second, 'acme', 'RS256')]);
    const keys = await keysOf(first).list('acme');
    expect(keys.map(({ status }) => status).toSorted()).toEqual(['published', 'signing']);
    const { kid } = keys.find(({ status }) => status === 'published')!;
    expect(await keysOf(second).retire('acme', kid)).toMatchObject({ kind: 'too-early' });
    for (const service of [first, second]) service.clock.advance(STALENESS_MS + 1);
    const { accessToken } = await login(first);
    for (const token of [before, accessToken]) expect(await presented(second, token)).toBe('200');
    for (const service of [first, second]) service.clock.advance(lastTokenEnds(0, 600));
    expect(await keysOf(second).retire('acme', kid)).toMatchObject({ kind: 'retired' });
    expect((await keySet(second)).map((key) => key.kid)).toEqual(kids.filter((each) => each !== kid));
  }, 180_000);
});
