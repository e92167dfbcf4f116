import { LoginAuthError, type Verify } from '../../packages/client/src/index.js';
import { hmacVerify } from '../../packages/client/src/verify/hmac.js';
import { desVerify } from '../../packages/client/src/verify/des.js';
import { asOperator, newProject, startAdministration, test as service } from '../admin/administration.js';
import { dataOf, login as loginByHand } from '../support/app.js';
import { eventually } from '../support/temporary.js';
import { BrowserProfile } from './browser-profile.js';
import { Network, SERVICE } from './network.js';

const ALICE = { userName: 'alice', password: 'alice-password' };

startAdministration();

let network: Network;
let profile: BrowserProfile;

beforeEach(() => {
  network = new Network(service);
  profile = new BrowserProfile(network);
});

describe('signing in and out', () => {
  it('reaches all tabs, and tabs opened later', async () => {
    const [tab, other] = [profile.open(), profile.open()];
    expect(await tab.auth.getToken()).toBeNull();
    expect(await tab.auth.login(ALICE)).toMatchObject({ userId: 'alice', pushName: 'Alice' });
    await eventually('the other tab knows', () => other.auth.user?.userId === 'alice');
    expect(await other.auth.getToken()).toBe(await tab.auth.getToken());
    expect(profile.open().auth.user?.userId).toBe('alice');

    await other.auth.logout();
    await eventually('told', () => tab.changes.length === 2);
    const told = ['signed-in alice', 'signed-out SESSION_LOGGED_OUT'];
    expect([tab.told(), other.told()]).toEqual([told, told]);
    expect([tab.auth.user, await tab.auth.getToken()]).toEqual([null, null]);
    expect(profile.open().auth.user).toBeNull();
  });

  it('ends the session at the service', async () => {
    const { auth } = profile.open();
    await auth.login(ALICE);
    const token = await auth.getToken();
    await auth.logout();
    const answer = await network.fetch(`${SERVICE}/auth/user`, {
      headers: { ...(await auth.tenantHeaders()), Authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(401);
  });

  it('works offline: the user is signed out here', async () => {
    const { auth } = profile.open();
    await auth.login(ALICE);
    network.fail('/auth/token/revoke', 'request lost');
    await auth.logout();
    expect(auth.user).toBeNull();
  });

  it('says why a login was refused', async () => {
    const { auth } = profile.open();
    const refused = auth.login({ userName: 'alice', password: 'wrong' });
    await expect(refused).rejects.toBeInstanceOf(LoginAuthError);
    await expect(refused).rejects.toMatchObject({ code: 'CREDENTIALS_REFUSED', status: 401 });
    network.fail('/auth/token', { status: 429, code: 'LOGIN_LOCKED', retryAfter: 600 }, 'request lost');
    await expect(auth.login(ALICE)).rejects.toMatchObject({ code: 'LOGIN_LOCKED', retryAfter: 600 });
    await expect(auth.login(ALICE)).rejects.toMatchObject({ code: 'NO_ANSWER', status: 0 });
  });

  it('takes over what the page fetched itself: saveAuth({}, user, token)', async () => {
    const tab = profile.open();
    const { auth } = tab;
    const token = await loginByHand(service);
    auth.saveAuth({}, token.tokenUser as never, token as never);
    expect([auth.user?.userId, await auth.getToken()]).toEqual(['alice', token.accessToken]);
    expect((await auth.fetch(`${SERVICE}/auth/user`)).status).toBe(200);
    expect(tab.told()).toEqual(['signed-in alice']);
  });

  it('is not reported to a listener that was removed', async () => {
    const { auth } = profile.open();
    const heard: string[] = [];
    const end = auth.onChange(({ type }) => heard.push(type));
    await auth.login(ALICE);
    end();
    await auth.logout();
    expect(heard).toEqual(['signed-in']);
  });
});

describe('with the refresh token in a cookie', () => {
  const inCookie = async () => {
    const { ownerId } = await newProject({ verifyKey: 'a key 42', refreshTokenIn: 'cookie' });
    const user = { userId: 'u', userName: 'u', pushName: 'U', password: 'u-password' };
    expect((await asOperator('POST', `/projects/${ownerId}/users`, user)).status).toBe(201);
    const tab = profile.open({ verify: desVerify('a key 42') }, ownerId);
    await tab.auth.login({ userName: 'u', password: 'u-password' });
    network.fail('/auth/user', { status: 401 });
    return tab;
  };

  it('stores none and sends none', async () => {
    const { auth } = await inCookie();
    expect([...profile.items.values()].map((text) => JSON.parse(text) as object)).toMatchObject([
      { refreshToken: '' },
    ]);
    expect((await auth.fetch(`${SERVICE}/auth/user`)).status).toBe(200);
    const [sent] = network.sent.filter(({ path }) => path === '/auth/token/refresh');
    expect(sent?.body).toEqual({});
    await auth.logout();
    expect(network.sent.at(-1)).toMatchObject({ path: '/auth/token/revoke', body: {} });
    expect(network.cookie).toMatch(/=$/);
  });

  it('is signed out when the cookie is gone', async () => {
    const tab = await inCookie();
    network.cookie = '';
    expect((await tab.auth.fetch(`${SERVICE}/auth/user`)).status).toBe(401);
    await eventually('told', () => tab.changes.length === 2);
    expect(tab.told().at(-1)).toBe('signed-out PARAMETER_INVALID');
  });
});

describe('fetch', () => {
  it('sends the token, and the tenant headers to the service alone', async () => {
    const { auth } = profile.open({ headers: { XsysId: 'crm' } });
    await auth.login(ALICE);
    const answer = await auth.fetch(new Request(`${SERVICE}/auth/user`, { headers: { 'x-mine': '1' } }));
    expect(await answer.json()).toMatchObject({ data: { userId: 'alice' } });
    expect(Object.fromEntries(network.sent.at(-1)!.headers)).toMatchObject({
      'x-mine': '1',
      xownerid: 'acme',
      xsysid: 'crm',
      authorization: `Bearer ${await auth.getToken()}`,
    });
    await auth.fetch('http://other.test/orders', { method: 'POST', body: '{"n":1}' });
    const { headers, body } = network.sent.at(-1)!;
    expect([headers.has('authorization'), headers.has('xverifyapi'), body]).toEqual([true, false, { n: 1 }]);
  });

  it('repeats a refused request once, with its body', async () => {
    const { auth } = profile.open();
    await auth.login(ALICE);
    const request = new Request('http://other.test/orders', { method: 'POST', body: '{"n":1}' });
    network.fail('/orders', { status: 401 });
    await auth.fetch(request);
    network.fail('/orders', { status: 401 }, { status: 401 }, { status: 401 });
    expect((await auth.fetch('http://other.test/orders', { method: 'POST', body: '{"n":1}' })).status).toBe(
      401,
    );
    const bodies = network.sent.filter(({ path }) => path === '/orders').map(({ body }) => body['n']);
    expect(bodies).toEqual([1, 1, 1, 1]);
    expect(auth.user?.userId).toBe('alice');
  });

  it('knows a refused token by what the page says', async () => {
    const { auth } = profile.open({ isRefused: (answer) => answer.status === 418 });
    await auth.login(ALICE);
    network.fail('/orders', { status: 418 });
    await auth.fetch('http://other.test/orders');
    expect(network.count('/orders')).toBe(2);
  });

  it('sends a request without a token when nobody is signed in', async () => {
    const { auth } = profile.open();
    expect((await auth.fetch(`${SERVICE}/auth/user`)).status).toBe(401);
    expect(network.count('/auth/user')).toBe(1);
  });
});

describe('XverifyApi', () => {
  const accepted = (verify: ReturnType<typeof desVerify>, owner: string) =>
    profile.open({ verify }, owner).auth.login({ userName: 'u', password: 'u-password' });

  const CASES: [project: object, verify: Verify][] = [
    [{ verifyCipher: 'des-ecb', verifyKey: 'a key 42' }, desVerify('a key 42')],
    [
      { verifyCipher: 'des-ecb', verifyKey: 'longer than 8' },
      desVerify('longer than 8', { encoding: 'hex' }),
    ],
    [
      { verifyCipher: 'des-cbc', verifyKey: '密钥', verifyIv: 'iv' },
      desVerify('密钥', { cipher: 'des-cbc', iv: 'iv' }),
    ],
    ...['a key 42', 'a key 42 and more', 'sixteen byte key', 'x'.repeat(24), 'hex:1234567890abcdef'].map(
      (key): [object, Verify] => [
        { verifyCipher: 'des-ede3-cbc', verifyKey: key, verifyIv: 'iv' },
        desVerify(key, { cipher: 'des-ede3-cbc', iv: 'iv' }),
      ],
    ),
    [
      {
        verifyCipher: 'des-cbc',
        verifyKey: 'base64:EjRWeJCrze8=',
        verifyIv: 'hex:0000000000000000',
        verifyPadding: 'zeros',
      },
      desVerify('base64:EjRWeJCrze8=', { cipher: 'des-cbc', iv: 'hex:0000000000000000', padding: 'zeros' }),
    ],
    [{ verifyCipher: 'hmac-sha256', verifyKey: 'k'.repeat(32) }, hmacVerify('k'.repeat(32))],
    [
      { verifyCipher: 'hmac-sha256', verifyKey: 'ABCD'.repeat(8) },
      hmacVerify(`hex:${Buffer.from('ABCD'.repeat(8)).toString('hex')}`),
    ],
    [
      { verifyCipher: 'hmac-sha256', verifyKey: 'ABCD'.repeat(8) },
      hmacVerify(`base64:${Buffer.from('ABCD'.repeat(8)).toString('base64')}`),
    ],
  ];

  it.each(CASES)('is made for %j', async (project, verify) => {
    const { ownerId } = await newProject({ ...project, verifyStampRequired: true });
    const user = { userId: 'u', userName: 'u', pushName: 'U', password: 'u-password' };
    expect((await asOperator('POST', `/projects/${ownerId}/users`, user)).status).toBe(201);
    await expect(accepted(verify, ownerId)).resolves.toMatchObject({ userId: 'u' });
  });

  it.each([
    [3_600_000, true],
    [-3_600_000, true],
    [3_600_000, false],
    [-3_600_000, false],
  ])(
    'allows for a device whose clock is wrong by %d ms; answers show their Date: %s',
    async (ms, showsDate) => {
      network.showsDate = showsDate;
      service.clock.advance(ms);
      try {
        const { auth } = profile.open();
        await auth.login(ALICE);
        expect(network.count('/auth/token')).toBe(2);
        expect((await auth.fetch(`${SERVICE}/auth/user`)).status).toBe(200);
        // A tab that is opened later knows, and needs no refresh.
        const later = profile.open();
        expect((await later.auth.fetch(`${SERVICE}/auth/user`)).status).toBe(200);
        expect([network.count('/auth/token/refresh'), network.count('/auth/user')]).toEqual([0, 2]);
      } finally {
        service.clock.advance(-ms);
      }
    },
  );

  it('is made anew if the device slept while it was made', async () => {
    const realNow = Date.now;
    let made = 0;
    const seal = desVerify('acme-key');
    const { auth } = profile.open({
      verify: (now) => {
        if (made++ === 0) Date.now = () => realNow() + 600_000;
        return seal(now);
      },
    });
    service.clock.stop();
    service.clock.advance(600_000);
    await auth.login(ALICE);
    Date.now = realNow;
    service.clock.advance(-600_000);
    service.clock.run();
    expect([made, network.count('/auth/token')]).toEqual([2, 1]);
  });
});

describe('a page that is seen again', () => {
  it('refreshes an expired token, and catches up with what it missed', async () => {
    const [tab, other] = [profile.open(), profile.open()];
    await tab.auth.login(ALICE);
    await eventually('told', () => other.changes.length === 1);
    const realNow = Date.now;
    Date.now = () => realNow() + 601_000;
    try {
      tab.visibilityState = 'hidden';
      tab.fire('visibilitychange');
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(network.count('/auth/token/refresh')).toBe(0);
      other.fire('visibilitychange');
      await eventually('told', () => tab.changes.length === 2);
      expect(tab.told()).toEqual(['signed-in alice', 'refreshed alice']);
      expect(network.count('/auth/token/refresh')).toBe(1);
    } finally {
      Date.now = realNow;
    }
    profile.items.clear();
    tab.fire('visibilitychange');
    await eventually('told', () => tab.changes.length === 3);
    expect(tab.told().at(-1)).toBe('signed-out null');
  });
});

test('without any of the browser: the memory of the page', async () => {
  const network = new Network(service);
  const { createLoginAuth } = await import('../../packages/client/src/index.js');
  const options = { baseUrl: `${SERVICE}/`, ownerId: 'acme', verify: desVerify('acme-key') };
  const auth = createLoginAuth(options, { fetch: network.fetch });
  await auth.login(ALICE);
  expect((await auth.fetch(`${SERVICE}/auth/user`)).status).toBe(200);
  expect(dataOf({ status: 200, body: { data: auth.user } } as never)).toMatchObject({ userId: 'alice' });
});
