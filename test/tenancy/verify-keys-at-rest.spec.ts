import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMAND_LINE } from '../../src/admin/administrator.js';
import { ProjectAdministration } from '../../src/admin/project/project-administration.js';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { ConfigError } from '../../src/config/config.js';
import { VerifyKeysAtRest } from '../../src/tenancy/project/verify-keys-at-rest.js';
import { databaseFolder, endServices, NEW_PEPPER, OLD_PEPPER, start } from '../auth/signing-key-service.js';
import { call, encryptByDES, login, refusalOf, startApp, type TestApp } from '../support/app.js';

endServices();

const KEY = 'a-key-42';

const projects = (test: TestApp) => test.app.get(ProjectAdministration, { strict: false });
const atRest = (test: TestApp) => test.app.get(VerifyKeysAtRest, { strict: false });

const add = (test: TestApp, ownerId: string) =>
  projects(test).add(COMMAND_LINE, { ownerId, name: ownerId, verifyCipher: 'des-ecb', verifyKey: KEY });

async function stored(test: TestApp, ownerId: string): Promise<string> {
  const [row] = await test.sql<{ verify_key: string }>(
    'SELECT verify_key FROM bo_project WHERE owner_id = $1',
    ownerId,
  );
  return row!.verify_key;
}

/** How a request is answered whose `XverifyApi` was made with the key. */
async function presented(test: TestApp, ownerId: string, key = KEY): Promise<string> {
  const answer = await call(test, {
    url: '/auth/user',
    owner: ownerId,
    verify: encryptByDES(randomUUID(), key),
  });
  return refusalOf(answer);
}

const KNOWN = '401 ACCESS_TOKEN_REFUSED';

describe('verify keys at rest', () => {
  test('a new key is nowhere in the database’s files, and works after a restart', async () => {
    const { folder, url } = databaseFolder();
    const service = await start({ DATABASE_URL: url, TOKEN_PEPPER: OLD_PEPPER });
    await add(service, 'shop');
    await projects(service).changeKey(COMMAND_LINE, 'shop', { verifyKey: 'b-key-43', overlapSeconds: 3600 });
    const files = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
    expect(files.includes('shop')).toBe(true);
    for (const key of [KEY, 'b-key-43']) expect(files.includes(key)).toBe(false);
    for (const test of [service, await start({ DATABASE_URL: url, TOKEN_PEPPER: OLD_PEPPER })])
      for (const key of [KEY, 'b-key-43']) expect(await presented(test, 'shop', key)).toBe(KNOWN);
  });

  test('a new pepper takes the keys over at the start, and the old one can go', async () => {
    const { url } = databaseFolder();
    await add(await start({ DATABASE_URL: url, TOKEN_PEPPER: OLD_PEPPER }), 'shop');
    const refused = startApp({ DATABASE_URL: url, TOKEN_PEPPER: NEW_PEPPER });
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(/^TOKEN_PEPPER: does not open the verify key of the project shop/);
    await start({ DATABASE_URL: url, TOKEN_PEPPER: `new:${NEW_PEPPER},0:${OLD_PEPPER}` });
    const after = await start({ DATABASE_URL: url, TOKEN_PEPPER: `new:${NEW_PEPPER}` });
    expect(await presented(after, 'shop')).toBe(KNOWN);
  });

  test('a key in the clear works, is sealed on demand, and can be unsealed again', async () => {
    const service = await start({ TOKEN_PEPPER: OLD_PEPPER });
    expect(await stored(service, 'acme')).toBe('acme-key');
    await login(service);
    expect(await atRest(service).sealAll()).toBeGreaterThan(0);
    expect(await stored(service, 'acme')).toMatch(/^sealed:0\.[\w-]{40,}$/);
    expect(await atRest(service).sealAll()).toBe(0);
    service.clock.advance(STALENESS_MS + 1);
    await login(service);
    await projects(service).change(COMMAND_LINE, 'acme', { maxSessions: 9 });
    await login(service);
    await atRest(service).unsealAll();
    expect(await stored(service, 'acme')).toBe('acme-key');
  });

  test('a key moved to another project is 503 for it, never 401, and nothing to the others', async () => {
    const service = await start({ TOKEN_PEPPER: OLD_PEPPER });
    await add(service, 'shop');
    await service.sql(
      'UPDATE bo_project SET verify_key = $1 WHERE owner_id = $2',
      await stored(service, 'shop'),
      'acme',
    );
    service.clock.advance(STALENESS_MS + 1);
    const refused = await call(service, { url: '/auth/user', owner: 'acme' });
    expect([refusalOf(refused), refused.headers['retry-after']]).toEqual(['503 UNAVAILABLE', '5']);
    expect(await presented(service, 'shop')).toBe(KNOWN);
  });

  test('nothing is sealed under the development pepper, which production could not open', async () => {
    const service = await start();
    await add(service, 'shop');
    expect(await stored(service, 'shop')).toBe(KEY);
    await expect(atRest(service).sealAll()).rejects.toThrow(/^TOKEN_PEPPER: is not set/);
  });
});
