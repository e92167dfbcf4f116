import { call, dataOf, refresh, startApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/temporary.js';
import { BrowserProfile, type Tab } from './browser-profile.js';
import { Network, type Refusal, SERVICE } from './network.js';

const REFRESH = '/auth/token/refresh';
const ALICE = { userName: 'alice', password: 'alice-password' };
const USER = `${SERVICE}/auth/user`;

const realNow = Date.now;
let passed = 0;
let service: TestApp;
let network: Network;
let profile: BrowserProfile;

beforeAll(async () => {
  service = await startApp();
  network = new Network(service);
  // The clock of the device and that of the service, which reads it.
  Date.now = () => realNow() + passed;
});
afterAll(async () => {
  Date.now = realNow;
  await service.close();
});
beforeEach(() => {
  network.reset();
  profile = new BrowserProfile(network);
});

/** The access token, which lives for 600 s, expires. */
const expire = () => (passed += 601_000);

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function signedIn(tabs = 1): Promise<Tab[]> {
  const all = Array.from({ length: tabs }, () => profile.open());
  await all[0]!.auth.login(ALICE);
  await eventually('all tabs know', () => all.every(({ changes }) => changes.length === 1));
  for (const { changes } of all) changes.length = 0;
  return all;
}

const statusOf = async (tab: Tab) => (await tab.auth.fetch(USER)).status;

/** What a promise came to: a token, `null`, or the code of its error. */
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => value,
    (error: { code: string }) => error.code,
  );

/** Holds back the answer of the next refresh. @returns lets it arrive */
function holdAnswer(refusal?: Refusal): () => void {
  let arrive: (value: unknown) => void = () => undefined;
  network.fail(REFRESH, { ...refusal, until: new Promise((resolve) => (arrive = resolve)) });
  return () => arrive(null);
}

/** The session, as the tabs stored it. */
function stored(): { refreshToken: string; seq: number } {
  const [text] = profile.items.values();
  return JSON.parse(text ?? '{}') as { refreshToken: string; seq: number };
}

describe('one refresh for all', () => {
  it.each([true, false])(
    'serves a hundred requests of a tab; the browser has locks: %s',
    async (hasLocks) => {
      profile.hasLocks = hasLocks;
      const [tab] = await signedIn();
      expire();
      const all = await Promise.all(Array.from({ length: 100 }, () => statusOf(tab!)));
      expect(new Set(all)).toEqual(new Set([200]));
      expect(network.count(REFRESH)).toBe(1);
      expect(stored().seq).toBe(2);
    },
  );

  it('serves eight tabs', async () => {
    const tabs = await signedIn(8);
    expire();
    const tokens = await Promise.all(tabs.map(({ auth }) => auth.getToken()));
    expect(new Set(tokens).size).toBe(1);
    expect(network.count(REFRESH)).toBe(1);
  });

  it('needs no lock to give all tabs the same session', async () => {
    profile.hasLocks = false;
    const tabs = await signedIn(8);
    expire();
    await Promise.all(tabs.map(({ auth }) => auth.getToken()));
    expect(new Set(await Promise.all(tabs.map(statusOf)))).toEqual(new Set([200]));
    expect(stored().seq).toBe(2);
    expect(tabs.flatMap((tab) => tab.told())).not.toContain(expect.stringMatching('signed-out'));
  });

  it('waits only a while for a tab that holds the lock and is frozen', async () => {
    const [frozen, tab] = await signedIn(2);
    expire();
    const arrive = holdAnswer();
    const held = frozen!.auth.getToken();
    await eventually('it holds the lock', () => network.count(REFRESH) === 1);
    expect(await tab!.auth.getToken()).toEqual(expect.any(String));
    arrive();
    expect(await held).toBe(await tab!.auth.getToken());
  });

  it('serves a request whose token is refused although it looks valid', async () => {
    const [tab] = await signedIn();
    network.fail('/auth/user', { status: 401 }, { status: 401 });
    expect(await Promise.all([statusOf(tab!), statusOf(tab!)])).toEqual([200, 200]);
    expect(network.count(REFRESH)).toBe(1);
    expect(network.count('/auth/user')).toBe(4);
  });
});

describe('which answer counts', () => {
  it('an older one never replaces a newer one', async () => {
    const [slow, quick] = await signedIn(2);
    profile.hasLocks = false;
    expire();
    const arrive = holdAnswer();
    const late = slow!.auth.getToken();
    await eventually('sent', () => network.count(REFRESH) === 1);
    await quick!.auth.getToken();
    expire();
    await quick!.auth.getToken();
    expect(stored().seq).toBe(3);
    const newest = stored().refreshToken;
    arrive();
    expect(await late).toBe(await quick!.auth.getToken());
    expect(stored()).toMatchObject({ seq: 3, refreshToken: newest });
  });

  it('a token that another tab wrote over a newer one is written back', async () => {
    const [tab] = await signedIn();
    const [[key, older] = ['', '']] = [...profile.items];
    expire();
    await tab!.auth.getToken();
    profile.items.set(key, older);
    tab!.fire('storage', key);
    expect(stored().seq).toBe(2);
  });

  it('where nothing can be stored, the newest one of this tab', async () => {
    const [tab] = await signedIn();
    profile.isFull = true;
    for (let seq = 2; seq <= 4; seq++) {
      expire();
      expect(await statusOf(tab!)).toBe(200);
    }
    expect(stored().seq).toBe(1);
    expect(
      network.sent.filter(({ path }) => path === REFRESH).map(({ body }) => body['refreshToken']),
    ).toHaveLength(3);
  });

  it('none, if the storage was cleared meanwhile', async () => {
    const [tab, other] = await signedIn(2);
    expire();
    const arrive = holdAnswer();
    const token = tab!.auth.getToken();
    await eventually('sent', () => network.count(REFRESH) === 1);
    profile.clear();
    arrive();
    expect(await token).toBeNull();
    expect(profile.items.size).toBe(0);
    await eventually('told', () => tab!.changes.length + other!.changes.length === 2);
    expect([tab!.told(), other!.told()]).toEqual([['signed-out null'], ['signed-out null']]);
  });

  it('none, if another tab has not yet seen that the storage was cleared', async () => {
    const [tab, other] = await signedIn(2);
    const [[key, before] = ['', '']] = [...profile.items];
    profile.clear();
    await eventually('told', () => tab!.changes.length + other!.changes.length === 2);
    // What the other tab's refresh stored, before the browser showed it the cleared storage.
    profile.items.set(key, before.replace('"seq":1', '"seq":2'));
    tab!.fire('storage', key);
    expect([tab!.auth.user, other!.auth.user]).toEqual([null, null]);
    expect(profile.open().auth.user).toBeNull();
  });

  it('none, if the user signed out or in again meanwhile, and requests are not repeated as somebody else', async () => {
    const [tab, other] = await signedIn(2);
    network.fail('/auth/user', { status: 401 });
    const arrive = holdAnswer();
    const request = statusOf(tab!);
    await eventually('sent', () => network.count(REFRESH) === 1);
    await other!.auth.logout();
    await other!.auth.login({ userName: 'bob', password: 'bob-password' });
    arrive();
    expect(await request).toBe(401);
    expect([tab!.auth.user?.userId, other!.auth.user?.userId]).toEqual(['bob', 'bob']);
  });
});

describe('what ends a session', () => {
  it('the 401 for a session that was ended elsewhere, in all tabs', async () => {
    const [tab, other] = await signedIn(2);
    const { refreshToken } = stored();
    await call(service, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } });
    expire();
    expect(await statusOf(tab!)).toBe(401);
    await eventually('told', () => other!.changes.length > 0);
    expect([tab!.told(), other!.told()]).toEqual([
      ['signed-out SESSION_LOGGED_OUT'],
      ['signed-out SESSION_LOGGED_OUT'],
    ]);
    expect(await tab!.auth.getToken()).toBeNull();
  });

  it.each([
    'REFRESH_TOKEN_EXPIRED',
    'REFRESH_TOKEN_REUSED',
    'SESSION_LOGGED_OUT',
    'SESSION_REPLACED',
    'SESSION_ENDED_BY_ADMIN',
    'SESSION_EXPIRED',
    'PASSWORD_CHANGED',
    'ACCOUNT_DISABLED',
  ])('the 401 %s', async (code) => {
    const [tab] = await signedIn();
    expire();
    network.fail(REFRESH, { status: 401, code });
    expect(await tab!.auth.getToken()).toBeNull();
    await later(0);
    expect(tab!.told()).toEqual([`signed-out ${code}`]);
  });

  it.each([
    { status: 401, code: 'VERIFY_API_REFUSED' },
    { status: 401, code: 'PROJECT_UNKNOWN' },
    { status: 401, code: undefined },
    { status: 400, code: 'PARAMETER_INVALID' },
    { status: 404, code: 'ROUTE_UNKNOWN' },
    { status: 409, code: 'REFRESH_TOKEN_SUPERSEDED' },
    { status: 429, code: 'RATE_LIMITED' },
    { status: 500, code: 'INTERNAL' },
    { status: 503, code: 'UNAVAILABLE' },
  ])('no other answer: $status $code', async (fault) => {
    const [tab] = await signedIn();
    expire();
    network.fail(REFRESH, { ...fault, retryAfter: 30 });
    expect(await outcome(tab!.auth.getToken())).toBe(fault.code ?? 'UNAVAILABLE');
    expect(tab!.auth.user?.userId).toBe('alice');
    tab!.fire('online');
    expect(await statusOf(tab!)).toBe(200);
    expect(tab!.told()).toEqual(['refreshed alice']);
  });

  it('no 401 for a token that is not the stored one any more: the stored one is used', async () => {
    const [tab, other] = await signedIn(2);
    profile.hasLocks = false;
    expire();
    const arrive = holdAnswer({ status: 401, code: 'REFRESH_TOKEN_EXPIRED' });
    const token = tab!.auth.getToken();
    await eventually('sent', () => network.count(REFRESH) === 1);
    const newest = await other!.auth.getToken();
    arrive();
    expect(await token).toBe(newest);
    expect(network.count(REFRESH)).toBe(2);
  });

  it('no 409: the newest pair that is stored by then is used', async () => {
    const [tab, other] = await signedIn(2);
    network.fail('/auth/user', { status: 401 });
    const second = dataOf(await refresh(service, stored().refreshToken));
    const newest = dataOf(await refresh(service, second.refreshToken));
    const arrive = holdAnswer();
    const status = statusOf(tab!);
    await eventually('sent', () => network.count(REFRESH) === 1);
    other!.auth.saveAuth({}, null, newest);
    arrive();
    expect(await status).toBe(200);
    expect(network.count(REFRESH)).toBe(1);
  });
});

describe('a failure', () => {
  it('of an answer that was lost is repaired at once, with the same token', async () => {
    const [tab] = await signedIn();
    expire();
    network.fail(REFRESH, 'answer lost');
    expect(await statusOf(tab!)).toBe(200);
    const [first, second] = network.sent.filter(({ path }) => path === REFRESH);
    expect(second?.body).toEqual(first?.body);
    expect(stored().seq).toBe(2);
  });

  it('makes a hundred requests one attempt, until Retry-After has passed', async () => {
    const [tab] = await signedIn();
    expire();
    network.fail(REFRESH, { status: 503, retryAfter: 20 });
    const all = await Promise.all(Array.from({ length: 50 }, () => outcome(tab!.auth.getToken())));
    all.push(...(await Promise.all(Array.from({ length: 50 }, () => outcome(statusOf(tab!))))));
    expect(new Set(all)).toEqual(new Set(['UNAVAILABLE']));
    expect(network.count(REFRESH)).toBe(1);
    passed += 19_000;
    expect(await outcome(tab!.auth.getToken())).toBe('UNAVAILABLE');
    passed += 7000;
    expect(await statusOf(tab!)).toBe(200);
    expect(network.count(REFRESH)).toBe(2);
  });

  it('is forgotten when the network is back, or the clock is set back', async () => {
    for (const repair of [(tab: Tab) => tab.fire('online'), () => (passed -= 1000)]) {
      const [tab] = await signedIn();
      expire();
      network.fail(REFRESH, { status: 503, retryAfter: 20 });
      expect(await outcome(tab!.auth.getToken())).toBe('UNAVAILABLE');
      repair(tab!);
      expect(await outcome(tab!.auth.getToken())).toEqual(expect.stringMatching(/\./));
    }
  });

  it('of the network backs off', async () => {
    const [tab] = await signedIn();
    expire();
    network.fail(REFRESH, ...Array.from({ length: 9 }, () => 'request lost' as const));
    const attempts: number[] = [];
    for (let call = 0; call < 6; call++) {
      expect(await outcome(tab!.auth.getToken())).toBe('NO_ANSWER');
      attempts.push(network.count(REFRESH));
      passed += 3000;
    }
    expect(attempts[0]).toBe(2);
    expect(attempts.at(-1)).toBeLessThanOrEqual(6);
    expect(tab!.auth.user?.userId).toBe('alice');
  });

  it('of a request that hangs settles all who wait', async () => {
    const [tab] = await signedIn();
    expire();
    const hangs = new BrowserProfile({ fetch: hangingFetch } as unknown as Network);
    for (const [key, value] of profile.items) hangs.items.set(key, value);
    const waiting = hangs.open({ timeoutMs: 50 });
    expect(await Promise.all([1, 2, 3].map(() => outcome(waiting.auth.getToken())))).toEqual(
      Array.from({ length: 3 }, () => 'NO_ANSWER'),
    );
    expect(waiting.auth.user).toEqual(tab!.auth.user);
  });

  it('leaves a token in use that is still valid', async () => {
    const [tab] = await signedIn();
    const before = await tab!.auth.getToken();
    passed += 597_000;
    network.fail(REFRESH, { status: 503, retryAfter: 60 });
    expect(await tab!.auth.getToken()).toBe(before);
    expect(network.count(REFRESH)).toBe(1);
  });
});

function hangingFetch(_input: unknown, init?: RequestInit): Promise<Response> {
  return new Promise((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
  });
}
