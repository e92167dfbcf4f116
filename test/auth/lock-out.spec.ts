import type { RateLimiterMemory } from 'rate-limiter-flexible';
import { loginLocks } from '../../src/auth/lock-out/lock-out-report.js';
import { LoginTrail } from '../../src/auth/lock-out/login-trail.js';
import { Passwords } from '../../src/auth/password/passwords.js';
import { CleanUp } from '../../src/auth/clean-up.js';
import { SqlDatabase } from '../../src/database/sql-database.js';
import { call, dataOf, refusalOf, startApp, type TestApp } from '../support/app.js';

const MAX = 5;
const LOCK_MS = 600_000;
const DAY_MS = 86_400_000;

let test: TestApp;
/** Number of passwords that were compared. */
let compared = 0;

beforeAll(async () => {
  test = await startApp();
  // Hashing takes most of the time, and here it does not matter.
  const passwords = test.app.get(Passwords, { strict: false });
  passwords.verify = async (...args) => {
    compared++;
    await new Promise(setImmediate);
    return args.some((arg) => typeof arg === 'string' && arg.endsWith('-password'));
  };
});
afterAll(() => test.close());
beforeEach(async () => {
  await test.sql('DELETE FROM bo_login_failure');
  compared = 0;
});

const signIn = (userName: string, ip: string, password = 'wrong', owner = 'acme') =>
  call(test, { method: 'POST', url: '/auth/token', owner, payload: { userName, password }, ip });

const signInAs = (userName: string, ip: string) => signIn(userName, ip, `${userName}-password`);

async function failures(userName: string, ip: string, count: number): Promise<string[]> {
  const refusals = [];
  for (let n = 0; n < count; n++) refusals.push(refusalOf(await signIn(userName, ip)));
  return refusals;
}

const set = (max: number, seconds = LOCK_MS / 1000) =>
  call(test, {
    method: 'PATCH',
    url: '/admin/projects/acme',
    bearer: 'development-only-operator-token-change-me',
    payload: { loginMaxFailures: max, loginLockSeconds: seconds },
  });

const REFUSED = '401 CREDENTIALS_REFUSED';
const LOCKED = '429 LOGIN_LOCKED';

const events = (kind: string) =>
  test.sql<{ user_id: string; detail: string }>(
    'SELECT user_id, detail FROM bo_auth_event WHERE kind = $1 ORDER BY id',
    kind,
  );

describe('too many failed logins from one network', () => {
  it.each(['alice', 'nobody-of-this-name'])('lock it, whatever the password: %s', async (userName) => {
    expect(await failures(userName, '192.0.2.1', MAX + 1)).toEqual([...Array(MAX).fill(REFUSED), LOCKED]);
    const answer = await signInAs(userName, '192.0.2.77');
    expect(refusalOf(answer)).toBe(LOCKED);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(590);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(600);
    expect(compared).toBe(MAX);
  });

  it('lock neither other networks, nor other users, nor the user of another project', async () => {
    await failures('alice', '192.0.2.1', MAX);
    expect((await signInAs('alice', '192.0.3.1')).status).toBe(200);
    expect((await signInAs('bob', '192.0.2.1')).status).toBe(200);
    expect(refusalOf(await signIn('alice', '192.0.2.1', 'wrong', 'ptdev'))).toBe(REFUSED);
  });

  it.each([
    ['IPv6 by its /64', '2001:db8:0:1::1', '2001:db8:0:1:ffff::', '2001:db8:0:2::1'],
    ['an IPv4-mapped address as IPv4', '::ffff:198.51.100.1', '198.51.100.200', '198.51.101.1'],
  ])('count %s', async (_, guesser, neighbour, stranger) => {
    await failures('alice', guesser, MAX);
    expect(refusalOf(await signInAs('alice', neighbour))).toBe(LOCKED);
    expect((await signInAs('alice', stranger)).status).toBe(200);
  });

  it('are those within the time, which the lock lasts too, and which a locked login does not prolong', async () => {
    await failures('alice', '192.0.2.1', 1);
    test.clock.advance(LOCK_MS / 2);
    await failures('alice', '192.0.2.1', MAX - 2);
    test.clock.advance(LOCK_MS / 2);
    // The first no longer counts.
    await failures('alice', '192.0.2.1', 1);
    expect(await failures('alice', '192.0.2.1', 1)).toEqual([REFUSED]);
    expect(await failures('alice', '192.0.2.1', 1)).toEqual([LOCKED]);
    test.clock.advance(LOCK_MS - 1_000);
    const [row] = await test.sql('SELECT record FROM bo_login_failure');
    const late = await signInAs('alice', '192.0.2.1');
    expect([refusalOf(late), Number(late.headers['retry-after'])]).toEqual([LOCKED, 1]);
    expect(await test.sql('SELECT record FROM bo_login_failure')).toEqual([row]);
    test.clock.advance(1_000);
    expect((await signInAs('alice', '192.0.2.1')).status).toBe(200);
  });

  it('are counted anew after a success', async () => {
    await failures('alice', '192.0.2.1', MAX - 1);
    expect((await signInAs('alice', '192.0.2.1')).status).toBe(200);
    expect(await failures('alice', '192.0.2.1', MAX)).not.toContain(LOCKED);
  });

  it('count while they are under way', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => signIn('alice', `192.0.2.${n}`)));
    expect(answers.map(refusalOf).sort()).toEqual([
      ...Array(MAX).fill(REFUSED),
      ...Array(30 - MAX).fill(LOCKED),
    ]);
    expect(compared).toBe(MAX);
  });

  it('are not logins that succeed at once, nor those that end with another error', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => signInAs('alice', '192.0.2.1')));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const forbidden = () =>
      call(test, {
        method: 'POST',
        url: '/auth/token',
        payload: { userName: 'bob', password: 'bob-password' },
        headers: { XsysId: 'nothing' },
      });
    for (let n = 0; n <= MAX; n++) expect(refusalOf(await forbidden())).toBe('400 SYSTEM_UNKNOWN');
    expect(
      await test.sql('SELECT record FROM bo_login_failure WHERE expires_at > $1', test.clock.now()),
    ).toEqual([]);
  });

  it('are counted as the project wants, or not at all', async () => {
    expect((await set(2, 30)).body).toMatchObject({ data: { loginMaxFailures: 2, loginLockSeconds: 30 } });
    expect(await failures('alice', '192.0.2.1', 3)).toEqual([REFUSED, REFUSED, LOCKED]);
    test.clock.advance(30_000);
    await set(0);
    expect(await failures('alice', '192.0.2.1', 3 * MAX)).not.toContain(LOCKED);
    await set(MAX);
  });
});

describe('too many failed logins from all networks', () => {
  beforeAll(() => set(1));
  afterAll(() => set(MAX));

  /** @returns how many guesses were compared */
  const guess = async (networks: number) => {
    const answers = await Promise.all(
      Array.from({ length: networks }, (_, n) => signIn('alice', `10.0.${n}.1`)),
    );
    return answers.filter((answer) => refusalOf(answer) === REFUSED).length;
  };

  it('lock all but those from which the user has signed in within 30 days, and end with the time', async () => {
    expect((await signInAs('alice', '203.0.113.1')).status).toBe(200);
    const locks: string[] = [];
    const unsubscribe = loginLocks.subscribe((scope) => locks.push(scope));
    expect(await guess(30)).toBe(20);
    unsubscribe();
    expect(locks.filter((scope) => scope === 'everywhere')).toHaveLength(1);
    expect(refusalOf(await signInAs('alice', '10.1.0.1'))).toBe(LOCKED);
    expect(refusalOf(await signInAs('nobody-either', '10.1.0.1'))).toBe(REFUSED);
    expect((await signInAs('alice', '203.0.113.200')).status).toBe(200);
    // Failures of a usual network lock that network alone, and do not prolong the lock of the others.
    test.clock.advance(LOCK_MS / 2);
    expect(await failures('alice', '203.0.113.1', 2)).toEqual([REFUSED, LOCKED]);
    test.clock.advance(LOCK_MS / 2);
    expect((await signInAs('alice', '10.1.0.1')).status).toBe(200);

    test.clock.advance(30 * DAY_MS);
    await guess(20);
    expect(refusalOf(await signInAs('alice', '203.0.113.1'))).toBe(LOCKED);
  });

  it('a usual network is written once a day, and forgotten later', async () => {
    const rows = () =>
      test.sql(
        `SELECT network, last_login_at FROM bo_usual_network WHERE user_id = 'bob' AND network LIKE '198%'`,
      );
    await signInAs('bob', '198.51.100.1');
    const first = await rows();
    expect(first).toMatchObject([{ network: '198.51.100.0/24' }]);
    await signInAs('bob', '198.51.100.2');
    expect(await rows()).toEqual(first);
    test.clock.advance(DAY_MS + 1);
    await signInAs('bob', '198.51.100.2');
    expect(await rows()).not.toEqual(first);
    const cleanUp = test.app.get(CleanUp, { strict: false });
    test.clock.advance(31 * DAY_MS);
    Object.assign(cleanUp, { clockOffset: test.clock.now() - performance.now() });
    await cleanUp.run();
    expect(await rows()).toEqual([]);
    expect(await test.sql('SELECT record FROM bo_login_failure')).toEqual([]);
  });
});

describe('the audit trail', () => {
  it('has failed logins and locks, with the reason and without what was typed, and nothing while locked', async () => {
    await test.sql('DELETE FROM bo_auth_event');
    await failures('alice', '192.0.2.9', MAX + 3);
    await failures('typed-a-password-here', '192.0.2.9', 1);
    const failed = await events('login-failed');
    expect(failed).toHaveLength(MAX + 1);
    expect(failed.map(({ user_id }) => user_id)).toEqual([...Array(MAX).fill('alice'), '']);
    expect(JSON.parse(failed[0]?.detail ?? '')).toEqual({
      ip: '192.0.2.9',
      requestId: expect.any(String),
      reason: 'wrong-password',
    });
    expect(JSON.parse(failed.at(-1)?.detail ?? '')).toMatchObject({ reason: 'unknown-user' });
    const [locked, ...others] = await events('login-locked');
    expect(others).toEqual([]);
    expect(JSON.parse(locked?.detail ?? '')).toMatchObject({ scope: 'network', network: '192.0.2.0/24' });
    const everything = await test.sql('SELECT * FROM bo_auth_event');
    const counted = await test.sql('SELECT * FROM bo_login_failure');
    expect(JSON.stringify([everything, counted])).not.toContain('typed-a-password-here');
  });

  it('a flood of invented names does not fill it, and hides no lock of a user', async () => {
    await test.sql('DELETE FROM bo_auth_event');
    const lines = Reflect.get(test.app.get(LoginTrail, { strict: false }), 'lines') as RateLimiterMemory;
    await lines.set('acme', 998, 3_600);
    for (let n = 0; n < 4; n++) await signIn(`invented-${n}`, '192.0.2.1');
    await failures('bob', '192.0.2.1', MAX);
    expect(await events('login-failed')).toHaveLength(2);
    expect(await events('login-locked')).toMatchObject([{ user_id: 'bob' }]);
  });
});

describe('an administrator', () => {
  const administer = (method: 'GET' | 'POST', url: string) =>
    call<{ items: { userId: string }[]; nextCursor: string | null }>(test, {
      method,
      url: `/admin/projects/acme/users${url}`,
      bearer: 'development-only-operator-token-change-me',
    });
  const locked = async (query = '') => {
    const { items, nextCursor } = dataOf(await administer('GET', `?locked=true${query}`));
    return { ids: items.map(({ userId }) => userId), nextCursor };
  };

  it('lists the users that are locked, and unlocks them', async () => {
    await failures('alice', '192.0.2.1', MAX - 1);
    await failures('bob', '192.0.2.1', MAX);
    await failures('nobody-at-all', '192.0.2.1', MAX);
    expect(await locked()).toEqual({ ids: ['bob'], nextCursor: null });
    await failures('alice', '192.0.2.1', 1);
    const first = await locked('&limit=1');
    expect(first.ids).toEqual(['alice']);
    expect(await locked(`&limit=1&cursor=${first.nextCursor}`)).toEqual({ ids: ['bob'], nextCursor: null });
    expect((await locked('&userName=bob')).ids).toEqual(['bob']);
    expect((await locked('&userName=bob&limit=1')).ids).toEqual(['bob']);

    await test.sql('DELETE FROM bo_auth_event');
    expect((await administer('POST', '/alice/unlock')).body).toMatchObject({ data: { unlocked: true } });
    expect(await events('user-unlocked')).toMatchObject([{ user_id: 'alice' }]);
    expect((await locked()).ids).toEqual(['bob']);
    expect((await signInAs('alice', '192.0.2.1')).status).toBe(200);
    expect(refusalOf(await signInAs('bob', '192.0.2.1'))).toBe(LOCKED);
    expect(refusalOf(await administer('POST', '/nobody-at-all/unlock'))).toBe('404 USER_UNKNOWN');
    expect(refusalOf(await administer('GET', '?locked=false'))).toBe('400 PARAMETER_INVALID');
  });
});

it('does not wait for the disk to count, and then lets other writes wait for it', async () => {
  const database = test.app.get(SqlDatabase, { strict: false });
  const level = (durable: boolean) =>
    database.transact((transaction) => transaction.all('PRAGMA synchronous', []), { durable });
  const [NORMAL, FULL] = [[{ synchronous: 1 }], [{ synchronous: 2 }]];
  expect([await level(false), await level(true)]).toEqual([NORMAL, FULL]);
  const failing = database.transact((transaction) => transaction.all('nonsense', []), { durable: false });
  await expect(failing).rejects.toThrow();
  expect(await level(true)).toEqual(FULL);
});
