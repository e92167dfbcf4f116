import { create } from 'axios';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { attachAxios } from '../../packages/client/src/adapter/axios.js';
import { createLoginFetch } from '../../packages/client/src/adapter/ofetch.js';
import { type Dpop, dpopKey } from '../../packages/client/src/dpop.js';
import { ProjectDirectory } from '../../src/tenancy/project/project-directory.js';
import { claimsOf, startApp, type TestApp } from '../support/app.js';
import { BrowserProfile } from './browser-profile.js';
import { Network, SERVICE } from './network.js';

const ALICE = { userName: 'alice', password: 'alice-password' };
const REFRESH = '/auth/token/refresh';

const realNow = Date.now;
/** Moves the clock of the device and that of the service, which reads it. */
let passed = 0;
let service: TestApp;
let network: Network;
let profile: BrowserProfile;
let dpop: Dpop;

beforeAll(async () => {
  service = await startApp();
  Date.now = () => realNow() + passed;
});
afterAll(async () => {
  Date.now = realNow;
  await service.close();
});
beforeEach(() => {
  network = new Network(service);
  profile = new BrowserProfile(network);
  // Without IndexedDB, each has a key of its own.
  dpop = dpopKey();
});

const proofs = () => network.sent.map(({ headers }) => headers.get('dpop'));
const settings = async (set: string) => {
  await service.sql(`UPDATE bo_project SET ${set} WHERE owner_id = 'acme'`);
  await service.app.get(ProjectDirectory, { strict: false }).forget('acme');
};

it('binds the session to the key, for all tabs', async () => {
  const [tab, other] = [profile.open({ dpop }), profile.open({ dpop })];
  await tab.auth.login(ALICE);
  const token = (await other.auth.getToken())!;
  const [proof] = proofs();
  expect(decodeProtectedHeader(proof!)).toMatchObject({
    typ: 'dpop+jwt',
    alg: 'ES256',
    jwk: { crv: 'P-256' },
  });
  expect(claimsOf(token)).toHaveProperty('cnf.jkt');

  passed += 601_000;
  network.reset();
  expect((await other.auth.fetch(`${SERVICE}/auth/user`)).status).toBe(200);
  expect(network.sent.map(({ path }) => path)).toEqual([REFRESH, '/auth/user']);
  const [renewal, call] = network.sent;
  expect(decodeJwt(renewal!.headers.get('dpop')!)).toMatchObject({
    htm: 'POST',
    htu: `${SERVICE}${REFRESH}`,
  });
  expect(call!.headers.get('authorization')).toMatch(/^DPoP /);
  expect(decodeJwt(call!.headers.get('dpop')!)).toHaveProperty('ath');
  expect(new Set(proofs()).size).toBe(2);
});

it('works through the adapters', async () => {
  const { auth } = profile.open({ dpop });
  await auth.login(ALICE);
  const headers = await auth.tenantHeaders();
  const instance = create({ baseURL: SERVICE, adapter: 'fetch', env: { fetch: dpop(network.fetch) } });
  attachAxios(auth, instance);
  const byAxios = await instance.get<{ data: { userId: string } }>('/auth/user', { headers });
  expect(byAxios.data.data.userId).toBe('alice');
  const byOfetch = await createLoginFetch(auth, { baseURL: SERVICE })<{ data: { userId: string } }>(
    '/auth/user',
  );
  expect(byOfetch.data.userId).toBe('alice');
});

it('leaves other requests alone, and sessions without a key', async () => {
  await profile.open().auth.login(ALICE);
  network.reset();
  const { auth } = profile.open({ dpop });
  expect((await auth.fetch(`${SERVICE}/auth/user`)).status).toBe(200);
  await dpop(network.fetch)(`${SERVICE}/elsewhere`);
  await dpop(network.fetch)(`${SERVICE}/elsewhere`, { headers: { Authorization: 'Basic YTpi' } });
  expect(proofs()).toEqual([null, null, null]);
  expect(network.sent[0]!.headers.get('authorization')).toMatch(/^Bearer /);
});

it.each(['http', 'always200'])('learns the nonces of the service (%s)', async (mode) => {
  await settings(`dpop_nonce = 'on', status_mode = '${mode}'`);
  try {
    const { auth } = profile.open({ dpop });
    await auth.login(ALICE);
    expect(network.count('/auth/token')).toBe(2);
    expect((await auth.fetch(`${SERVICE}/auth/user`)).status).toBe(200);
    // The answer to an aging nonce brings the next one.
    passed += 300_000;
    expect((await auth.fetch(`${SERVICE}/auth/user`)).status).toBe(200);
    passed += 301_000;
    expect(await auth.getToken()).not.toBeNull();
    expect([network.count('/auth/user'), network.count(REFRESH)]).toEqual([2, 1]);
    passed += 1_200_000;
    expect(await auth.getToken()).not.toBeNull();
    expect(network.count(REFRESH)).toBe(3);
  } finally {
    await settings(`dpop_nonce = 'off', status_mode = 'http'`);
  }
});

it.each([-7_200_000, -120_000, 120_000, 7_200_000])(
  'follows the clock of the service (%d ms)',
  async (ms) => {
    service.clock.advance(ms);
    try {
      const { auth } = profile.open({ dpop });
      await auth.login(ALICE);
      expect((await auth.fetch(`${SERVICE}/auth/user`)).status).toBe(200);
    } finally {
      service.clock.advance(-ms);
    }
  },
);

it('signs the user out if the key is lost, and only then', async () => {
  const tab = profile.open({ dpop });
  await tab.auth.login(ALICE);
  passed += 601_000;
  network.fail(
    REFRESH,
    { status: 401, code: 'DPOP_PROOF_INVALID' },
    { status: 401, code: 'DPOP_PROOF_INVALID' },
  );
  await tab.auth.getToken().catch(() => undefined);
  expect(tab.auth.user?.userId).toBe('alice');
  const another = profile.open({ dpop: dpopKey() });
  expect(await another.auth.getToken()).toBeNull();
  expect(another.told()).toEqual(['signed-out REFRESH_TOKEN_EXPIRED']);
  await another.auth.login(ALICE);
  expect((await another.auth.fetch(`${SERVICE}/auth/user`)).status).toBe(200);
});

it('sends no refresh token after an interruption', async () => {
  const { auth } = profile.open({ dpop });
  await auth.login(ALICE);
  passed += 601_000;
  network.reset();
  const sign = crypto.subtle.sign.bind(crypto.subtle);
  crypto.subtle.sign = ((...args: Parameters<typeof sign>) => {
    Reflect.deleteProperty(crypto.subtle, 'sign');
    passed += 6_000;
    return sign(...args);
  }) as typeof sign;
  expect(await auth.getToken()).not.toBeNull();
  expect(network.count(REFRESH)).toBe(1);
  // made anew, with the token that was read anew
  expect(Date.now() / 1000 - (decodeJwt(proofs()[0]!).iat ?? 0)).toBeLessThan(4);
});

it('keeps the session while the store of the key fails', async () => {
  const store = new FakeStore();
  const page = globalThis as { indexedDB?: FakeStore };
  page.indexedDB = store;
  try {
    const tab = profile.open({ dpop: dpopKey() });
    await tab.auth.login(ALICE);
    passed += 601_000;
    store.fails = true;
    const another = profile.open({ dpop: dpopKey() });
    await expect(another.auth.getToken()).rejects.toMatchObject({ code: 'NO_ANSWER' });
    expect([tab.auth.user?.userId, another.auth.user?.userId]).toEqual(['alice', 'alice']);
    store.fails = false;
    another.fire('online');
    expect(await another.auth.getToken()).not.toBeNull();
  } finally {
    delete page.indexedDB;
  }
});

/** As much of IndexedDB as the client uses. */
class FakeStore {
  fails = false;
  private readonly items = new Map<string, unknown>();

  open() {
    const items = this.items;
    const objects = {
      get: (name: string) => requested(() => items.get(name)),
      add: (value: unknown, name: string) => requested(() => items.set(name, value)),
    };
    const transaction = () => ({ objectStore: () => objects });
    return requested(() => {
      if (this.fails) throw new Error('UnknownError');
      return { transaction, close: () => undefined };
    });
  }
}

function requested<T>(result: () => T) {
  const request = Object.assign(new EventTarget(), {
    result: undefined as T | undefined,
    error: null as unknown,
  });
  setImmediate(() => {
    try {
      request.result = result();
      request.dispatchEvent(new Event('success'));
    } catch (error) {
      request.error = error;
      request.dispatchEvent(new Event('error'));
    }
  });
  return request;
}
