import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientSecretHash } from '../../src/auth/oauth-client/client-secret.js';
import { drain } from '../../src/shutdown/drain.js';
import type { FeedResponse } from '../../src/oauth/feed/feed-reader.js';
import { FeedWaiters } from '../../src/oauth/feed/feed-waiters.js';
import { fresh, OPERATOR, sha256 } from '../admin/administration.js';
import { API, call, claimsOf, dataOf, login, refresh, startApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/temporary.js';

const SECRET = 'secret-of-the-resource-server';
const DAY_MS = 86_400_000;

let test: TestApp;
let url: string;
let isClosed = false;
beforeAll(async () => {
  test = await startApp({ OPERATOR_TOKEN_HASH: sha256(OPERATOR), PUBLIC_URL: 'https://auth.example.com' });
  await test.app.listen(0, '127.0.0.1');
  url = await test.app.getUrl();
  await addClient('api', 'confidential');
  await addClient('page', 'public');
  await addClient('api', 'confidential', 'ptdev');
});
afterAll(() => (isClosed ? undefined : test.close()));

const addClient = (clientId: string, type: string, ownerId = 'acme') =>
  test.sql(
    `INSERT INTO bo_client (owner_id, client_id, name, type, grants, scopes, dpop, secret_hash, created_at)
     VALUES ($1, $2, $2, $3, '[]', '[]', 'optional', $4, 0)`,
    ownerId,
    clientId,
    type,
    type === 'public' ? null : clientSecretHash(SECRET),
  );
const basic = (clientId = 'api', secret = SECRET) =>
  `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`;

async function ask(query = '', { owner = 'acme', authorization = basic() } = {}) {
  const answer = await test.app.inject({
    url: `${API}/oauth/${owner}/revocations${query}`,
    headers: authorization === '' ? {} : { authorization },
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: answer.json<FeedResponse & { error?: string }>(),
  };
}
async function read(after?: string): Promise<FeedResponse> {
  const { status, body } = await ask(after === undefined ? '' : `?after=${after}`);
  expect(status).toBe(200);
  return body;
}
const wait = (after: string, signal?: AbortSignal) =>
  fetch(`${url}${API}/oauth/acme/revocations?after=${after}&wait=30`, {
    headers: { authorization: basic() },
    ...(signal !== undefined && { signal }),
  });
const waiters = () => test.app.get(FeedWaiters, { strict: false });

const admin = (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, payload?: object) =>
  call<{ ended: number }>(test, { method, url: `/admin/projects/acme${path}`, bearer: OPERATOR, payload });

/** A user of their own, whose password is `<userId>-password`, and a session of theirs. */
async function signedIn() {
  const userId = fresh('u');
  const password = `${userId}-password`;
  const added = await admin('POST', '/users', { userId, userName: userId, password });
  expect(added.status).toBe(201);
  const signIn = async () => {
    const grant = await login(test, { user: userId });
    return { ...grant, sid: String(claimsOf(grant.accessToken)['sid']) };
  };
  return { userId, password, signIn, ...(await signIn()) };
}
const logOut = ({ refreshToken }: { refreshToken: string }) =>
  call(test, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } });

describe('the feed', () => {
  it('answers outside the envelope, begins with the present state, and goes on from its cursor', async () => {
    const first = await signedIn();
    await logOut(first);
    const { status, headers, body } = await ask();
    expect(status).toBe(200);
    expect(headers['cache-control']).toContain('no-store');
    expect(Object.keys(body).toSorted()).toEqual(['cursor', 'ended', 'users']);
    expect(body.ended.map(({ sid }) => sid)).toContain(first.sid);
    expect(await read(body.cursor)).toMatchObject({ ended: [], users: [] });
    const second = await signedIn();
    await logOut(second);
    expect((await read(body.cursor)).ended.map(({ sid }) => sid)).toEqual([second.sid]);
    expect((await ask('', { owner: 'ptdev' })).body.ended).toEqual([]);
  });

  it.each<[string, string, (user: Awaited<ReturnType<typeof signedIn>>) => Promise<unknown>]>([
    ['session', 'logs out', logOut],
    [
      'session and user',
      'logs out everywhere',
      async ({ accessToken: bearer }) =>
        call(test, { method: 'DELETE', url: '/auth/sessions?scope=all', bearer }),
    ],
    [
      'session',
      'logs the others out',
      async ({ signIn }) =>
        call(test, {
          method: 'DELETE',
          url: '/auth/sessions?scope=others',
          bearer: (await signIn()).accessToken,
        }),
    ],
    [
      'session',
      'changes the password',
      ({ userId, password }) =>
        call(test, {
          method: 'PUT',
          url: '/auth/password',
          payload: { userName: userId, password, newPassword: `new ${password} 1` },
        }),
    ],
    [
      'session and user',
      'is logged out by an administrator',
      ({ userId }) => admin('DELETE', `/users/${userId}/sessions`),
    ],
    [
      'session',
      'loses one session to an administrator',
      ({ userId, sid }) => admin('DELETE', `/users/${userId}/sessions/${sid}`),
    ],
    [
      'session and user',
      'gets a new password',
      ({ userId }) => admin('PUT', `/users/${userId}/password`, { password: randomUUID() }),
    ],
    ['session and user', 'is disabled', ({ userId }) => admin('POST', `/users/${userId}/disable`)],
    ['session', 'is deleted', ({ userId }) => admin('DELETE', `/users/${userId}`)],
    [
      'session',
      'presents a token that was used before',
      async ({ refreshToken }) => {
        let token = refreshToken;
        for (let count = 0; count < 2; count++) token = dataOf(await refresh(test, token)).refreshToken;
        test.clock.advance(10 * 60_000);
        expect((await refresh(test, refreshToken)).status).toBe(401);
      },
    ],
  ])('has an entry for the %s when one %s', async (which, _, act) => {
    const { cursor } = await read();
    const user = await signedIn();
    await act(user);
    const { ended, users } = await read(cursor);
    expect(ended.map(({ sid }) => sid)).toEqual([user.sid]);
    expect(users.map(({ id }) => id)).toEqual(which === 'session' ? [] : [user.userId]);
  });

  it('has an entry for an idle session when its user changes the password', async () => {
    await admin('PATCH', '', { idleSeconds: 60 });
    const { cursor } = await read();
    const { userId, password, sid } = await signedIn();
    await admin('PATCH', '', { idleSeconds: 7 * 86_400 });
    test.clock.advance(70_000);
    const newPassword = `new ${password} 1`;
    const changed = await call(test, {
      method: 'PUT',
      url: '/auth/password',
      payload: { userName: userId, password, newPassword },
    });
    expect(changed.status).toBe(200);
    const [event] = await test.sql(
      `SELECT detail FROM bo_auth_event WHERE kind = 'password-changed' AND owner_id = 'acme' ORDER BY at DESC LIMIT 1`,
    );
    expect(String(event?.['detail'])).toContain('"ended":0');
    expect(await read(cursor)).toMatchObject({ ended: [{ sid }], users: [] });
  });

  it('says until when the tokens may be valid, also after their lifetime was shortened', async () => {
    const { cursor } = await read();
    const longer = await signedIn();
    await admin('PATCH', '', { accessTokenSeconds: 60 });
    await logOut(longer);
    await logOut(await signedIn());
    const { ended } = await read(cursor);
    const expires = Number(claimsOf(longer.accessToken)['exp']);
    for (const { exp } of ended) {
      expect(exp).toBeGreaterThanOrEqual(expires);
      expect(exp).toBeLessThan(expires + 120);
    }
    test.clock.advance(700_000);
    const next = await read();
    expect(next.ended).toEqual([]);
    const last = await signedIn();
    await logOut(last);
    const now = test.clock.now() / 1000;
    const [entry] = (await read(next.cursor)).ended;
    expect(entry?.exp).toBeGreaterThan(now + 60);
    expect(entry?.exp).toBeLessThan(now + 200);
  });
});

describe('the cursor', () => {
  it('is refused where it is invented, changed, foreign or old', async () => {
    const { cursor } = await read();
    const foreign = (await ask('', { owner: 'ptdev' })).body.cursor;
    const changed = `${cursor.slice(0, -4)}AAAA`;
    for (const after of ['', '1', 'a.b', changed, foreign, `${cursor}x`]) {
      const { status, body } = await ask(`?after=${after}`);
      expect([after, status, body.error]).toEqual([after, 410, 'invalid_request']);
    }
    test.clock.advance(DAY_MS - 60_000);
    expect((await ask(`?after=${cursor}`)).status).toBe(200);
    test.clock.advance(60_000);
    expect((await ask(`?after=${cursor}`)).status).toBe(410);
  });

  it('is refused where the feed has not come so far, as after a restored backup', async () => {
    const before = await read();
    await logOut(await signedIn());
    const { cursor } = await read();
    await test.sql(`UPDATE bo_revocation_head SET seq = seq - 1 WHERE owner_id = 'acme'`);
    expect((await ask(`?after=${cursor}`)).status).toBe(410);
    expect((await ask(`?after=${cursor}&wait=30`)).status).toBe(410);
    expect((await ask(`?after=${before.cursor}`)).status).toBe(200);
    await test.sql(`UPDATE bo_revocation_head SET seq = seq + 1 WHERE owner_id = 'acme'`);
  });
});

it('hands over 10,000 entries page by page', async () => {
  const seen = new Set<string>();
  const start = (await read()).cursor;
  await test.sql(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
     INSERT INTO bo_revocation (owner_id, seq, session_id, expires_at)
     SELECT owner_id, seq + i, 's' || i, $1 FROM n, bo_revocation_head WHERE owner_id = 'acme'`,
    test.clock.now() + 1000_000,
  );
  await test.sql(`UPDATE bo_revocation_head SET seq = seq + 10000 WHERE owner_id = 'acme'`);
  let pages = 0;
  for (let page = await read(start); page.ended.length > 0; page = await read(page.cursor)) {
    for (const { sid } of page.ended) seen.add(sid);
    pages++;
  }
  expect([seen.size, pages]).toEqual([10_000, 10]);
  await test.sql(`DELETE FROM bo_revocation WHERE owner_id = 'acme'`);
});

describe('the caller', () => {
  it('must be a confidential client of the project', async () => {
    await addClient('other', 'confidential', 'ptdev');
    for (const authorization of ['', basic('api', 'wrong'), basic('page', ''), basic('other'), 'Bearer x']) {
      const { status, body } = await ask('', { authorization });
      expect([authorization, status, body.error]).toEqual([authorization, 401, 'invalid_client']);
    }
    expect((await ask('?client_id=api&client_secret=' + SECRET, { authorization: '' })).status).toBe(401);
    expect((await ask('', { owner: 'nobody' })).status).toBe(404);
  });

  it.each([
    'wait=31',
    'wait=-1',
    'wait=1.5',
    'wait=',
    'wait=01',
    'wait=x',
    'wait=1&wait=1',
    'after=a&after=b',
  ])('learns that %s is wrong', async (query) => {
    const { status, body } = await ask(`?${query}`);
    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });
});

describe('waiting', () => {
  const waiting = (count: number) => eventually(`${count} waiting`, () => waiters().count === count);

  it('ends at once when a session ends in this process', async () => {
    const user = await signedIn();
    const { cursor } = await read();
    const answers = [wait(cursor), wait(cursor)];
    await waiting(2);
    const metrics = await test.app.inject({ url: '/metrics' });
    expect(metrics.payload).toContain('bo_auth_feed_waiters 2');
    // Nothing looks at the feed any more but for what this process does itself.
    await sleep(300);
    clearInterval(Reflect.get(waiters(), 'timer') as NodeJS.Timeout);
    await logOut(user);
    const late = sleep(10_000, 'late', { ref: false });
    expect(await Promise.race([late, Promise.all(answers)])).not.toBe('late');
    for (const answer of await Promise.all(answers))
      expect(((await answer.json()) as FeedResponse).ended.map(({ sid }) => sid)).toEqual([user.sid]);
    expect(waiters().count).toBe(0);
  });

  it('ends when another process has written an entry', async () => {
    const { cursor } = await read();
    const answer = wait(cursor);
    await waiting(1);
    await sleep(400);
    // Nothing in this process learns of it.
    await test.sql(
      `INSERT INTO bo_revocation (owner_id, seq, session_id, expires_at)
       SELECT owner_id, seq + 1, 'of-another', $1 FROM bo_revocation_head WHERE owner_id = 'acme'`,
      test.clock.now() + 60_000,
    );
    await test.sql(`UPDATE bo_revocation_head SET seq = seq + 1 WHERE owner_id = 'acme'`);
    expect(((await (await answer).json()) as FeedResponse).ended.map(({ sid }) => sid)).toEqual([
      'of-another',
    ]);
  });

  it('ends with nothing when the time is over', async () => {
    const { cursor } = await read();
    const began = performance.now();
    const { status, body } = await ask(`?after=${cursor}&wait=1`);
    expect(performance.now() - began).toBeGreaterThan(990);
    expect([status, body.ended, body.users]).toEqual([200, [], []]);
  });

  it('costs nothing after the client has gone, and asks for no other project', async () => {
    const { cursor } = await read();
    const leaving = new AbortController();
    const left = wait(cursor, leaving.signal).catch(() => 'left');
    await waiting(1);
    const ofOther = await ask(`?wait=1`, { owner: 'ptdev' });
    expect(ofOther.body.ended).toEqual([]);
    leaving.abort();
    expect(await left).toBe('left');
    await waiting(0);
  });

  it('is bounded for each client; those beyond are answered without it', async () => {
    const { cursor } = await read();
    const leaving = new AbortController();
    const began = performance.now();
    const all = Array.from({ length: 101 }, () => wait(cursor, leaving.signal));
    const unplaced = await Promise.race(all);
    expect([unplaced.status, await unplaced.json()]).toMatchObject([200, { ended: [], users: [] }]);
    expect(performance.now() - began).toBeGreaterThan(240);
    expect(waiters().count).toBe(100);
    leaving.abort();
    await Promise.allSettled(all);
    await waiting(0);
  });
});

// The last one: it ends the application.
it('a process that ends answers those who wait', async () => {
  const { cursor } = await read();
  const answer = wait(cursor);
  await eventually('waiting', () => waiters().count === 1);
  isClosed = true;
  const [{ status, headers }] = await Promise.all([answer, drain(test.app, 0)]);
  expect([status, headers.get('connection')]).toEqual([200, 'close']);
});
