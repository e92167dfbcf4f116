import type { EventView } from '../../src/admin/event/event-log.js';
import type { Page } from '../../src/response/page.js';
import { call, startApp, type TestApp } from '../support/app.js';

let test: TestApp;
beforeAll(async () => (test = await startApp()));
afterAll(() => test.close());

const get = <T = unknown>(url: string) =>
  call<T>(test, { url: `/admin${url}`, bearer: 'development-only-operator-token-change-me' });

describe('a list', () => {
  it.each([
    '/projects?limt=1',
    '/projects/acme/users?username=alice',
    '/projects/acme/systems?page=2',
    '/projects/acme/events?sessionId=x',
    '/events?ownerId=acme',
    '/areas?parentCode=310000',
  ])('refuses the unknown parameter of %s', async (url) => {
    const answer = await get(url);
    expect([answer.status, answer.body.error.errorCode]).toEqual([400, 'PARAMETER_INVALID']);
    expect(answer.body.message).toMatch(/^\w+ is not a parameter of this call$/);
  });

  it.each(['kind=logn', 'since=yesterday', 'until=2026-11-23T09:00:00'])(
    'refuses the filter %s of events',
    async (filter) => expect((await get(`/events?${filter}`)).status).toBe(400),
  );

  it('filters events by time: since is included, until is not', async () => {
    const at = Date.UTC(2026, 0, 1);
    await test.sql(
      `INSERT INTO bo_auth_event (at, owner_id, user_id, session_id, kind, detail) VALUES ($1, 'acme', 'alice', NULL, 'login', '{}')`,
      at,
    );
    const found = async (filter: string) =>
      (await get<Page<EventView>>(`/projects/acme/events?userId=alice&kind=login&${filter}`)).body.data?.items
        .length;
    const iso = '2026-01-01T08:00:00%2B08:00';
    expect(await found(`since=${iso}&until=${at + 1}`)).toBe(1);
    expect(await found(`since=${at + 1}`)).toBe(0);
    expect(await found(`until=${iso}`)).toBe(0);
  });
});

describe('an imported session', () => {
  it('never lives longer than the project allows', async () => {
    const now = test.clock.now();
    const sessions = '/admin/projects/acme/sessions';
    const answer = await call(test, {
      method: 'POST',
      url: sessions,
      bearer: 'development-only-operator-token-change-me',
      payload: {
        items: [
          {
            userId: 'bob',
            refreshToken: 'a-token-of-another-service',
            createdAt: now - 1000,
            expiresAt: now + 10 * 365 * 86_400_000,
          },
        ],
      },
    });
    expect(answer.body.data).toEqual({ imported: 1, existing: 0, refused: [] });
    const [row] = await test.sql<{ expires_at: number; created_at: number }>(
      `SELECT expires_at, created_at FROM bo_auth_session WHERE imported_token_hash IS NOT NULL AND user_id = 'bob'`,
    );
    expect(Number(row?.expires_at) - Number(row?.created_at)).toBe(14 * 86_400_000);
  });
});
