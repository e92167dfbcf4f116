import { randomUUID } from 'node:crypto';
import CryptoJS from 'crypto-js';
import { COMMAND_LINE } from '../../src/admin/administrator.js';
import { ProjectAdministration } from '../../src/admin/project/project-administration.js';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { call, dataOf, encryptByDES, login, refresh, refusalOf, startApp } from '../support/app.js';
import { test, startTenantService } from './tenant-service.js';

startTenantService();

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

describe('XverifyApi', () => {
  const guid = () => randomUUID();
  const key = 'acme-key';
  const now = () => test.clock.now();
  const accepted: [string, () => string][] = [
    ['a GUID alone', () => encryptByDES(guid(), key)],
    ['in upper case', () => encryptByDES(guid().toUpperCase(), key)],
    ['without dashes', () => encryptByDES(guid().replaceAll('-', ''), key)],
    ['with seconds', () => encryptByDES(`${guid()}|${Math.floor(now() / 1000)}`, key)],
    ['with milliseconds, no separator', () => encryptByDES(`${guid()}${now()}`, key)],
    ['with local digits', () => encryptByDES(`${guid()}_${digits(now())}`, key)],
    ['with ISO 8601', () => encryptByDES(`${guid()}@${new Date(now()).toISOString()}`, key)],
    ['with something else behind', () => encryptByDES(`${guid()}#acme`, key)],
    ['in hex', () => Buffer.from(encryptByDES(guid(), key), 'base64').toString('hex')],
    ['in Base64url', () => Buffer.from(encryptByDES(guid(), key), 'base64').toString('base64url')],
    ['with spaces for +', () => manyWith('+').replaceAll('+', ' ')],
  ];
  const digits = (ms: number) => new Date(ms).toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const manyWith = (needle: string) => {
    for (;;) {
      const value = encryptByDES(guid(), key);
      if (value.slice(1, -1).includes(needle) && !value.startsWith(needle)) return value;
    }
  };

  it.each(accepted)('%s is accepted', async (_, value) => {
    const { refreshToken } = await login(test);
    expect((await refresh(test, refreshToken, { verify: value() })).status).toBe(200);
  });

  it('is one and the same 401 for every failure', async () => {
    const { refreshToken } = await login(test);
    const good = encryptByDES(guid(), key);
    const used = encryptByDES(guid(), key);
    await refresh(test, refreshToken, { verify: used });
    const broken = Buffer.from(good, 'base64');
    broken[broken.length - 1]! ^= 1;
    const refused: (string | null)[] = [
      null,
      '',
      'x',
      '%%%',
      good.slice(4),
      broken.toString('base64'),
      encryptByDES(guid(), 'ptdev-58'),
      encryptByDES('no guid at all', key),
      encryptByDES(`${guid()}|${now() - 301_000}`, key),
      encryptByDES(`${guid()}|${now() + 301_000}`, key),
      CryptoJS.DES.encrypt(guid(), CryptoJS.enc.Utf8.parse(key), {
        mode: CryptoJS.mode.CBC,
        iv: CryptoJS.enc.Utf8.parse('12345678'),
      }).toString(),
      'A'.repeat(2_000),
      `${good}, ${good}`,
    ];
    const answers = [];
    for (const verify of refused) answers.push(await refresh(test, refreshToken, { verify }));
    answers.push(await refresh(test, 'a'.repeat(32), { verify: used }));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(refusalOf(answers[0]!)).toBe('401 VERIFY_API_REFUSED');
    const heads = answers.map(({ headers }) =>
      JSON.stringify({ ...headers, date: null, 'x-request-id': null, 'xverifyapi-refusal': null }),
    );
    expect(new Set(heads).size).toBe(1);
    // In development alone.
    expect(answers.map(({ headers }) => headers['xverifyapi-refusal'])).toEqual(
      expect.arrayContaining(['missing', 'undecodable', 'bad-padding', 'no-guid', 'stale', 'replayed']),
    );
  });

  it('is fresh up to and including the skew, on both sides', async () => {
    test.clock.stop();
    const { refreshToken } = await login(test);
    const at = (offset: number) =>
      refresh(test, refreshToken, { verify: encryptByDES(`${guid()}|${now() + offset}`, key) });
    expect((await at(-300_000)).status).toBe(200);
    expect((await at(300_000)).status).toBe(200);
    expect(refusalOf(await at(-300_001))).toBe('401 VERIFY_API_REFUSED');
    expect(refusalOf(await at(300_001))).toBe('401 VERIFY_API_REFUSED');
  });

  it('is a stamp of the project’s own zone where it has none', async () => {
    const { refreshToken } = await login(test, {
      owner: 'ptdev',
      payload: { userName: 'dev', password: 'dev-password' },
    });
    const at = (ms: number) =>
      refresh(test, refreshToken, {
        owner: 'ptdev',
        verify: encryptByDES(`${guid()}|${digits(ms)}`, 'ptdev-58'),
      });
    expect((await at(now() + 8 * 3_600_000)).status).toBe(200);
    expect((await at(now())).status).toBe(401);
  });

  describe('replay', () => {
    it('of the same request is an honest retry, with or without a stamp', async () => {
      for (const text of [guid(), `${guid()}|${now()}`]) {
        const { refreshToken } = await login(test);
        const verify = encryptByDES(text, key);
        const first = dataOf(await refresh(test, refreshToken, { verify }));
        const again = dataOf(await refresh(test, refreshToken, { verify }));
        expect(again.refreshToken).toBe(first.refreshToken);
      }
    });

    it('with another token, method or path is refused, also when re-encrypted otherwise', async () => {
      const [one, two] = [await login(test), await login(test)];
      const id = guid();
      const verify = encryptByDES(id, key);
      expect((await refresh(test, one.refreshToken, { verify })).status).toBe(200);
      const others = [
        refresh(test, two.refreshToken, { verify }),
        refresh(test, two.refreshToken, { verify: encryptByDES(`${id}|${now()}`, key) }),
        refresh(test, two.refreshToken, { verify: encryptByDES(id.toUpperCase().replaceAll('-', ''), key) }),
        refresh(test, '', {
          verify,
          method: 'POST',
          url: '/auth/token/refresh',
          payload: { refreshToken: one.refreshToken },
        }),
        call(test, { verify, method: 'POST', url: '/auth/token/revoke', payload: one }),
        call(test, { verify, url: '/auth/user', bearer: two.accessToken }),
        call(test, { verify, url: '/auth/sessions', bearer: two.accessToken }),
        refresh(test, '', { verify, url: `/auth/token/re%66resh?refreshToken=${one.refreshToken}` }),
        refresh(test, '', {
          verify,
          url: `/auth/token/refresh?refreshToken=${one.refreshToken}&_nodejs=common-data`,
        }),
      ];
      for (const answer of await Promise.all(others))
        expect(refusalOf(answer)).toBe('401 VERIFY_API_REFUSED');
      expect((await refresh(test, two.refreshToken)).status).toBe(200);
    });

    it.each([
      ['JSON', {}, (user: string) => ({ userName: user, password: `${user}-password` })],
      ['a form', FORM, (user: string) => `userName=${user}&password=${user}-password`],
    ])('with other credentials in %s is refused', async (_, headers, payload) => {
      const verify = encryptByDES(guid(), key);
      const signIn = (user: string) =>
        call(test, { method: 'POST', url: '/auth/token', verify, headers, payload: payload(user) });
      expect((await signIn('alice')).status).toBe(200);
      expect((await signIn('alice')).status).toBe(200);
      expect(refusalOf(await signIn('bob'))).toBe('401 VERIFY_API_REFUSED');
    });

    it('with a new access token is let through where the old one was refused', async () => {
      const { accessToken, refreshToken } = await login(test);
      const verify = encryptByDES(guid(), key);
      const ask = (bearer: string) => call(test, { url: '/auth/user', verify, bearer });
      expect(refusalOf(await ask(`${accessToken}x`))).toBe('401 ACCESS_TOKEN_REFUSED');
      expect((await ask(dataOf(await refresh(test, refreshToken)).accessToken)).status).toBe(200);
      expect(refusalOf(await ask(accessToken))).toBe('401 VERIFY_API_REFUSED');
    });

    it('is not released by the retry of a request that was served', async () => {
      const { accessToken: bearer, refreshToken } = await login(test);
      const verify = encryptByDES(guid(), key);
      const ask = (url = '/auth/user') => call(test, { url, verify, bearer });
      expect((await ask()).status).toBe(200);
      await call(test, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } });
      expect(refusalOf(await ask())).toBe('401 SESSION_LOGGED_OUT');
      expect(refusalOf(await ask('/auth/sessions'))).toBe('401 VERIFY_API_REFUSED');
    });

    it('in a race lets one use through', async () => {
      const grants = await Promise.all(Array.from({ length: 6 }, () => login(test, { user: 'bob' })));
      const verify = encryptByDES(guid(), key);
      const answers = await Promise.all(
        grants.map(({ refreshToken }) => refresh(test, refreshToken, { verify })),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    });

    it('is remembered for the window of a late stamp too', async () => {
      test.clock.stop();
      const [one, two] = [await login(test), await login(test)];
      const verify = encryptByDES(`${guid()}|${now() + 300_000}`, key);
      expect((await refresh(test, one.refreshToken, { verify })).status).toBe(200);
      test.clock.advance(599_000);
      expect(refusalOf(await refresh(test, two.refreshToken, { verify }))).toBe('401 VERIFY_API_REFUSED');
    });

    it('is not spent by a request with an ill-formed header', async () => {
      const [one, two] = [await login(test), await login(test)];
      const verify = encryptByDES(guid(), key);
      const headers = { XsysId: 'x'.repeat(65) };
      expect((await refresh(test, one.refreshToken, { verify, headers })).status).toBe(400);
      expect((await refresh(test, two.refreshToken, { verify })).status).toBe(200);
    });

    it('has nothing to do with another project’s GUIDs', async () => {
      const id = guid();
      await refresh(test, 'a'.repeat(32), { verify: encryptByDES(id, key) });
      const other = await refresh(test, 'b'.repeat(32), {
        owner: 'ptdev',
        verify: encryptByDES(id, 'ptdev-58'),
      });
      expect(refusalOf(other)).toBe('401 REFRESH_TOKEN_EXPIRED');
    });
  });

  describe('profiles', () => {
    const profile = async (cipher: string, verifyKey: string, iv: string | null, stampRequired = 0) => {
      await test.sql(
        `UPDATE bo_project SET verify_cipher = $1, verify_key = $2, verify_iv = $3, verify_stamp_required = $4
         WHERE owner_id = 'acme'`,
        cipher,
        verifyKey,
        iv,
        stampRequired,
      );
      test.clock.advance(STALENESS_MS + 1);
    };
    afterAll(() => profile('des-ecb', key, null));

    it('des-cbc, as crypto-js seals it', async () => {
      await profile('des-cbc', 'cbc-keys', 'cbc-iv-8');
      const sealed = CryptoJS.DES.encrypt(guid(), CryptoJS.enc.Utf8.parse('cbc-keys'), {
        mode: CryptoJS.mode.CBC,
        iv: CryptoJS.enc.Utf8.parse('cbc-iv-8'),
      }).toString();
      expect(refusalOf(await refresh(test, 'a'.repeat(32), { verify: sealed }))).toBe(
        '401 REFRESH_TOKEN_EXPIRED',
      );
      const old = encryptByDES(guid(), key);
      expect(refusalOf(await refresh(test, 'a'.repeat(32), { verify: old }))).toBe('401 VERIFY_API_REFUSED');
    });

    it('hmac-sha256, as crypto-js seals it, with a stamp that is required', async () => {
      const secret = 'a-long-enough-hmac-key';
      await profile('hmac-sha256', secret, null, 1);
      const sealed = (text: string) =>
        `${text}.${CryptoJS.HmacSHA256(text, secret).toString(CryptoJS.enc.Base64)}`;
      const stamped = sealed(`${guid()}|${now()}`);
      expect(refusalOf(await refresh(test, 'a'.repeat(32), { verify: stamped }))).toBe(
        '401 REFRESH_TOKEN_EXPIRED',
      );
      for (const verify of [
        sealed(guid()),
        `${guid()}|${now()}.${'0'.repeat(64)}`,
        encryptByDES(guid(), key),
      ])
        expect(refusalOf(await refresh(test, 'a'.repeat(32), { verify }))).toBe('401 VERIFY_API_REFUSED');
    });
  });
});

it('has no header with the reason in production', async () => {
  const secret = 'not-a-default-secret-of-any-development-start';
  const production = await startApp({
    NODE_ENV: 'production',
    JWT_SECRET: secret,
    TOKEN_PEPPER: `p-${secret}`,
  });
  try {
    await production.app
      .get(ProjectAdministration, { strict: false })
      .add(COMMAND_LINE, { ownerId: 'acme', name: 'Acme', verifyCipher: 'des-ecb', verifyKey: 'acme-key' });
    const answer = await refresh(production, 'a'.repeat(32), { verify: 'x' });
    expect(refusalOf(answer)).toBe('401 VERIFY_API_REFUSED');
    expect(answer.headers).not.toHaveProperty('xverifyapi-refusal');
    expect(production.log.join('\n')).toContain('"detail":"undecodable"');
  } finally {
    await production.close();
  }
});
