import type { SessionView } from '../../src/auth/own-sessions/session-view.js';
import type { Page } from '../../src/response/page.js';
import { call, claimsOf, dataOf, login, refusalOf, startApp, type TestApp } from '../support/app.js';

let test: TestApp;
beforeAll(async () => {
  test = await startApp();
});
afterAll(() => test.close());

it('GET /auth/sessions is paged: at most 100 unless a limit is given, then from the cursor on', async () => {
  const { accessToken: bearer } = await login(test, { user: 'bob' });
  const sid = String(claimsOf(bearer)['sid']);
  const [row] = await test.sql('SELECT * FROM bo_auth_session WHERE id = $1', sid);
  const columns = Object.keys(row ?? {});
  const copy = `INSERT INTO bo_auth_session (${columns.join(', ')}) SELECT ${columns.map((name) => (name === 'id' ? '$1' : name)).join(', ')} FROM bo_auth_session WHERE id = $2`;
  const ids = Array.from({ length: 101 }, (_, index) => `copy-${String(index).padStart(3, '0')}`);
  for (const id of ids) await test.sql(copy, id, sid);
  const pageAt = (query: string) => call<Page<SessionView>>(test, { url: `/auth/sessions${query}`, bearer });
  const first = dataOf(await pageAt('?_=1'));
  expect(first.items).toHaveLength(100);
  const second = dataOf(await pageAt(`?limit=1&cursor=${first.nextCursor}`));
  const third = dataOf(await pageAt(`?limit=1&cursor=${second.nextCursor}`));
  expect(third.nextCursor).toBeNull();
  const seen = [first, second, third].flatMap(({ items }) => items.map(({ sessionId }) => sessionId));
  expect(seen).toEqual([...ids, sid].sort());
  const forged = (key: unknown) => Buffer.from(JSON.stringify(['own-sessions', key])).toString('base64url');
  for (const query of [
    'limit=0',
    'limit=201',
    'cursor=x',
    `cursor=${forged('x')}`,
    `cursor=${forged('1e9 a')}`,
  ])
    expect(refusalOf(await pageAt(`?${query}`))).toBe('400 PARAMETER_INVALID');
});
