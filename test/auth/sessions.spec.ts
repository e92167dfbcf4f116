import { STALENESS_MS } from '../../src/cache/staleness.js';
import { Passwords } from '../../src/auth/password/passwords.js';
import type { SessionView } from '../../src/auth/own-sessions/session-view.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import type { ErrorCode } from '../../src/response/error/error-catalogue.js';
import {
  call,
  claimsOf,
  dataOf,
  login,
  refresh,
  refusalOf,
  SAMPLE_TOKEN,
  startApp,
  type TestApp,
} from '../support/app.js';

let test: TestApp;
beforeAll(async () => {
  test = await startApp();
});
afterAll(() => test.close());

/** Nobody has a session. */
const clear = async () => {
  await test.sql('DELETE FROM bo_auth_event');
  await test.sql(`UPDATE bo_auth_session SET status = 'ended' WHERE owner_id = 'acme'`);
};
const sidOf = ({ accessToken }: TokenGrant) => String(claimsOf(accessToken)['sid']);
const list = async ({ accessToken: bearer }: TokenGrant) =>
  dataOf(await call<{ items: SessionView[] }>(test, { url: '/auth/sessions', bearer })).items;
const end = (url: string, { accessToken: bearer }: TokenGrant, more = {}) =>
  call<{ ended: number }>(test, { method: 'DELETE', url: `/auth/sessions${url}`, bearer, ...more });
const eventsOf = async (kind: string) =>
  test.sql<{ user_id: string; session_id: string | null; detail: string }>(
    'SELECT * FROM bo_auth_event WHERE kind = $1',
    kind,
  );
const bob = () => login(test, { user: 'bob' });

/** Every way to use a session. */
async function uses(grant: TokenGrant): Promise<string[]> {
  const { accessToken, refreshToken } = grant;
  const introspected = await Promise.all(
    [accessToken, refreshToken].map((token) =>
      call<{ active: boolean }>(test, { method: 'POST', url: '/auth/token/introspect', payload: { token } }),
    ),
  );
  return [
    refusalOf(await call(test, { url: '/auth/user', bearer: accessToken })),
    refusalOf(await call(test, { url: '/auth/sessions', bearer: accessToken })),
    ...introspected.map((answer) => String(dataOf(answer).active)),
    refusalOf(await refresh(test, refreshToken)),
  ];
}
/** What every use of an ended session is answered with. */
const dead = (reason: ErrorCode) => {
  const refused = `401 ${reason}`;
  return [refused, refused, 'false', 'false', refused];
};
const DEAD = dead('SESSION_LOGGED_OUT');
const ALIVE = ['200 null', '200 null', 'true', 'true', '200 null'];

describe('GET /auth/sessions', () => {
  it('lists the caller’s own living sessions, newest first', async () => {
    await clear();
    const old = dataOf(
      await call<TokenGrant>(test, {
        method: 'POST',
        url: '/auth/token',
        payload: { userName: 'bob', password: 'bob-password', clientId: 'old-phone' },
        headers: { 'user-agent': `Phone/1 ${'x'.repeat(400)}` },
        ip: '203.0.113.7',
      }),
    );
    await login(test, { user: 'alice' });
    test.clock.advance(60_000);
    const current = await bob();
    test.clock.advance(30_000);
    dataOf(await refresh(test, old.refreshToken));
    const items = await list(current);
    const iso = (ms: number) => new Date(ms).toISOString();
    expect(items).toEqual([
      {
        sessionId: sidOf(current),
        clientId: 'acme-web',
        createdAt: iso(current.timeStamp),
        lastRefreshedAt: iso(current.timeStamp),
        expiresAt: iso(current.timeStamp + 7 * 86_400_000),
        ip: '127.0.0.1',
        userAgent: 'lightMyRequest',
        current: true,
      },
      {
        sessionId: sidOf(old),
        clientId: 'old-phone',
        createdAt: iso(old.timeStamp),
        lastRefreshedAt: expect.any(String),
        expiresAt: expect.any(String),
        ip: '203.0.113.7',
        userAgent: `Phone/1 ${'x'.repeat(248)}`,
        current: false,
      },
    ]);
    expect(Date.parse(items[1]?.lastRefreshedAt ?? '') - old.timeStamp).toBeGreaterThanOrEqual(90_000);
  });

  it('leaves out what is over', async () => {
    await clear();
    const [expiring, revoked] = [await bob(), await bob()];
    dataOf(await end(`/${sidOf(revoked)}`, revoked));
    await test.sql(
      'UPDATE bo_auth_session SET idle_expires_at = $1 WHERE id = $2',
      test.clock.now(),
      sidOf(expiring),
    );
    const current = await bob();
    expect((await list(current)).map(({ sessionId }) => sessionId)).toEqual([sidOf(current)]);
  });
});

describe('DELETE /auth/sessions/{sessionId}', () => {
  it('ends one of the caller’s sessions at once, for every use', async () => {
    await clear();
    const [mine, other] = [await bob(), await bob()];
    expect(await uses(other)).toEqual(ALIVE);
    expect(dataOf(await end(`/${sidOf(other)}`, mine))).toEqual({ ended: 1 });
    expect(await uses(other)).toEqual(DEAD);
    expect(await uses(mine)).toEqual(ALIVE);
    expect(await eventsOf('revoked')).toEqual([
      expect.objectContaining({ user_id: 'bob', session_id: sidOf(other) }),
    ]);
  });

  it('ends the caller’s own', async () => {
    const mine = await bob();
    expect(dataOf(await end(`/${sidOf(mine)}`, mine))).toEqual({ ended: 1 });
    expect(await uses(mine)).toEqual(DEAD);
  });

  it('knows no session of another user or project, no dead and no invented one', async () => {
    const [mine, dead, alices] = [await bob(), await bob(), await login(test)];
    dataOf(await end(`/${sidOf(dead)}`, mine));
    const ids = [
      sidOf(alices),
      sidOf(dead),
      '0000000000000001',
      'ffffffffffffffff',
      sidOf(mine).toUpperCase() + 'x',
      'nil',
      '%00',
      "'%20OR%201=1",
      '..%2f..',
      '__proto__',
    ];
    for (const id of ids)
      expect([id, refusalOf(await end(`/${id}`, mine))]).toEqual([id, '404 SESSION_UNKNOWN']);
    expect(await uses(alices)).toEqual(ALIVE);
    expect((await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev' })).status).toBe(200);
  });
});

describe('DELETE /auth/sessions/{sessionId} of what is over', () => {
  it('knows none that has expired', async () => {
    const [mine, idle, old] = [await bob(), await bob(), await bob()];
    const now = test.clock.now();
    await test.sql('UPDATE bo_auth_session SET idle_expires_at = $1 WHERE id = $2', now, sidOf(idle));
    await test.sql('UPDATE bo_auth_session SET expires_at = $1 WHERE id = $2', now, sidOf(old));
    for (const grant of [idle, old])
      expect(refusalOf(await end(`/${sidOf(grant)}`, mine))).toBe('404 SESSION_UNKNOWN');
  });

  it('knows none of before "log out everywhere"', async () => {
    const old = await bob();
    dataOf(await end('?scope=all', old));
    expect(refusalOf(await end(`/${sidOf(old)}`, await bob()))).toBe('404 SESSION_UNKNOWN');
  });
});

describe('DELETE /auth/sessions', () => {
  it.each(['', '?scope=', '?scope=none', '?scope=ALL', '?scope=all&scope=others', '?Scope=all'])(
    '%p: 400, and nothing has ended',
    async (query) => {
      await clear();
      const [mine, other] = [await bob(), await bob()];
      expect(refusalOf(await end(query, mine))).toBe('400 PARAMETER_INVALID');
      expect(await uses(mine)).toEqual(ALIVE);
      expect(await uses(other)).toEqual(ALIVE);
    },
  );

  it('scope=others ends the others and counts them', async () => {
    await clear();
    const [mine, one, two, alices] = [await bob(), await bob(), await bob(), await login(test)];
    dataOf(await call(test, { method: 'POST', url: '/auth/token/revoke', payload: two }));
    expect(dataOf(await end('?scope=others', mine))).toEqual({ ended: 1 });
    for (const [grant, expected] of [
      [mine, ALIVE] as const,
      [one, DEAD],
      [two, DEAD],
      [alices, ALIVE],
    ] as const)
      expect(await uses(grant)).toEqual(expected);
    expect(dataOf(await end('?scope=others', mine))).toEqual({ ended: 0 });
    const [event, ...more] = await eventsOf('logged-out');
    expect(more).toEqual([]);
    expect(JSON.parse(event?.detail ?? '')).toMatchObject({ ended: 1 });
  });

  it('scope=all ends all, the caller’s too; a login after the answer lives, in the same millisecond even', async () => {
    await clear();
    test.clock.stop();
    const [mine, other, alices] = [await bob(), await bob(), await login(test)];
    expect(dataOf(await end('?scope=all', mine))).toEqual({ ended: 2 });
    const later = await bob();
    expect(await uses(mine)).toEqual(DEAD);
    expect(await uses(other)).toEqual(DEAD);
    expect(await uses(later)).toEqual(ALIVE);
    expect(await uses(alices)).toEqual(ALIVE);
    test.clock.run();
    const [event] = await eventsOf('logged-out');
    expect(event).toMatchObject({ user_id: 'bob', session_id: null });
  });

  it('scope=all amid a login that has read its user: the login lives', async () => {
    const mine = await bob();
    test.clock.stop();
    const passwords = test.app.get(Passwords, { strict: false });
    const verify = passwords.verify.bind(passwords);
    let verified = 0;
    passwords.verify = async (...given) => {
      if (++verified === 1) dataOf(await end('?scope=all', mine));
      return verify(...given);
    };
    try {
      expect(await uses(await bob())).toEqual(ALIVE);
      // It began again, for the password may have been changed as well.
      expect(verified).toBe(2);
    } finally {
      passwords.verify = verify;
      test.clock.run();
    }
    expect(await uses(mine)).toEqual(DEAD);
  });
});

describe('POST /auth/token/revoke', () => {
  const revoke = (payload: object | string, more = {}) =>
    call<{ revoked: true }>(test, { method: 'POST', url: '/auth/token/revoke', payload, ...more });

  it('ends the session of the token, at once, for every use', async () => {
    const grant = await bob();
    expect(await uses(grant)).toEqual(ALIVE);
    expect(dataOf(await revoke({ refreshToken: grant.refreshToken }))).toEqual({ revoked: true });
    expect(await uses(grant)).toEqual(DEAD);
  });

  it('takes a form', async () => {
    const grant = await bob();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(dataOf(await revoke(`refreshToken=${grant.refreshToken}`, { headers }))).toEqual({
      revoked: true,
    });
    expect(await uses(grant)).toEqual(DEAD);
  });

  it('takes any token of the family, however old', async () => {
    const first = await bob();
    let last = first;
    for (let i = 0; i < 20; i++) last = dataOf(await refresh(test, last.refreshToken));
    test.clock.advance(3_600_000);
    expect(dataOf(await revoke({ refreshToken: first.refreshToken }))).toEqual({ revoked: true });
    expect(refusalOf(await refresh(test, last.refreshToken))).toBe('401 SESSION_LOGGED_OUT');
  });

  it('answers the same for what it does not know, and ends nothing', async () => {
    const grant = await bob();
    const tampered = grant.refreshToken.slice(0, -1) + (grant.refreshToken.endsWith('0') ? '1' : '0');
    const answers = [
      await revoke({ refreshToken: 'a'.repeat(32) }),
      await revoke({ refreshToken: 'x' }),
      await revoke({ refreshToken: tampered }),
      await revoke({ refreshToken: grant.refreshToken }, { owner: 'ptdev' }),
      await revoke({ refreshToken: grant.accessToken.slice(0, 512) }),
    ];
    for (const answer of answers) expect(dataOf(answer)).toEqual({ revoked: true });
    expect(await uses(grant)).toEqual(ALIVE);
  });

  it('twice is no error, and one event', async () => {
    await clear();
    const grant = await bob();
    for (let i = 0; i < 2; i++) expect((await revoke({ refreshToken: grant.refreshToken })).status).toBe(200);
    expect(await eventsOf('revoked')).toHaveLength(1);
  });

  it.each([{}, { refreshToken: '' }, { refreshToken: ['a'] }, { token: 'a'.repeat(32) }, []])(
    '%j: 400',
    async (payload) => {
      expect(refusalOf(await revoke(payload))).toBe('400 PARAMETER_INVALID');
    },
  );

  it('ends the sample’s session, and the imported token stays dead', async () => {
    const grant = dataOf(await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev' }));
    expect((await revoke({ refreshToken: SAMPLE_TOKEN }, { owner: 'ptdev' })).status).toBe(200);
    expect(refusalOf(await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev' }))).toBe('401 SESSION_LOGGED_OUT');
    const bearer = grant.accessToken;
    expect(refusalOf(await call(test, { owner: 'ptdev', url: '/auth/user', bearer }))).toBe(
      '401 SESSION_LOGGED_OUT',
    );
  });
});

describe('max_sessions', () => {
  const limit = async (sessions: number | null) => {
    await test.sql(`UPDATE bo_project SET max_sessions = $1 WHERE owner_id = 'acme'`, sessions);
    test.clock.advance(STALENESS_MS + 1);
  };
  afterAll(() => limit(null));

  it('lets the oldest give way, and says so in the audit trail', async () => {
    await clear();
    await limit(2);
    const grants: TokenGrant[] = [];
    for (let i = 0; i < 4; i++) {
      grants.push(await bob());
      test.clock.advance(1_000);
    }
    const alices = await login(test);
    expect(await uses(grants[0]!)).toEqual(dead('SESSION_REPLACED'));
    expect(await uses(grants[1]!)).toEqual(dead('SESSION_REPLACED'));
    expect(await uses(grants[2]!)).toEqual(ALIVE);
    expect(await uses(grants[3]!)).toEqual(ALIVE);
    expect(await uses(alices)).toEqual(ALIVE);
    expect((await eventsOf('evicted')).map(({ session_id }) => session_id)).toEqual(
      grants.slice(0, 2).map(sidOf),
    );
  });

  it('refuses the login instead where the project says so, by user and by client', async () => {
    await clear();
    const set = async (maximum: string, whenFull: string) => {
      await test.sql(`UPDATE bo_project SET ${maximum}, when_full = '${whenFull}' WHERE owner_id = 'acme'`);
      test.clock.advance(STALENESS_MS + 1);
    };
    const signIn = (clientId: string) =>
      call<TokenGrant>(test, {
        method: 'POST',
        url: '/auth/token',
        payload: { userName: 'bob', password: 'bob-password', clientId },
      });
    await set('max_sessions = 2, max_sessions_per_client = 1', 'refuse');
    const phone = dataOf(await signIn('phone'));
    expect(refusalOf(await signIn('phone'))).toBe('409 SESSION_LIMIT_REACHED');
    dataOf(await signIn('web'));
    expect(refusalOf(await signIn('tablet'))).toBe('409 SESSION_LIMIT_REACHED');
    expect(await uses(phone)).toEqual(ALIVE);
    dataOf(await end(`/${sidOf(phone)}`, phone));
    expect((await signIn('tablet')).status).toBe(200);
    await set('max_sessions = NULL, max_sessions_per_client = 1', 'replace');
    const again = dataOf(await signIn('tablet'));
    expect(await uses(again)).toEqual(ALIVE);
    expect(await eventsOf('evicted')).toHaveLength(1);
    await set('max_sessions_per_client = NULL', 'replace');
  });

  it('counts no session that is over', async () => {
    await clear();
    await limit(2);
    const kept = await bob();
    const ended = await bob();
    dataOf(await end(`/${sidOf(ended)}`, ended));
    await bob();
    expect(await uses(kept)).toEqual(ALIVE);
  });

  it('holds when many log in at once', async () => {
    await clear();
    await limit(3);
    const grants = await Promise.all(Array.from({ length: 8 }, bob));
    const alive = [];
    for (const grant of grants)
      if ((await refresh(test, grant.refreshToken)).status === 200) alive.push(grant);
    expect(alive).toHaveLength(3);
  });
});
