import { randomUUID } from 'node:crypto';
import CryptoJS from 'crypto-js';
import {
  API,
  call,
  claimsOf,
  dataOf,
  encryptByDES,
  login,
  refresh,
  refusalOf,
  startApp,
  type TestApp,
} from '../support/app.js';

let test: TestApp;
beforeAll(async () => {
  test = await startApp();
});
afterAll(() => test.close());
afterEach(() => test.clock.run());

const refreshWith = async (headers: Record<string, string>, user = 'alice') => {
  const { refreshToken } = await login(test, { user });
  const answer = await refresh(test, refreshToken, { headers });
  // Whatever was refused has spent nothing.
  if (answer.status !== 200) expect(dataOf(await refresh(test, refreshToken)).tokenSeq).toBe(2);
  return answer;
};

describe('XownerId', () => {
  it.each([
    ['missing', null, '400 PROJECT_HEADER_INVALID'],
    ['empty', '', '400 PROJECT_HEADER_INVALID'],
    ['with a space', 'ac me', '400 PROJECT_HEADER_INVALID'],
    ['with a slash', 'acme/x', '400 PROJECT_HEADER_INVALID'],
    ['65 characters', 'a'.repeat(65), '400 PROJECT_HEADER_INVALID'],
    ['a look-alike', 'acm\u00e9', '400 PROJECT_HEADER_INVALID'],
    ['sent twice', 'acme, acme', '400 PROJECT_HEADER_INVALID'],
    ['SQL', "acme' OR '1'='1", '400 PROJECT_HEADER_INVALID'],
    ['64 characters, unknown', 'a'.repeat(64), '401 PROJECT_UNKNOWN'],
    ['another case', 'ACME', '401 PROJECT_UNKNOWN'],
    ['__proto__', '__proto__', '401 PROJECT_UNKNOWN'],
    ['constructor', 'constructor', '401 PROJECT_UNKNOWN'],
  ])('%s', async (_, owner, expected) => {
    const verify = encryptByDES(randomUUID(), 'acme-key');
    const { refreshToken } = await login(test);
    expect(refusalOf(await refresh(test, refreshToken, { owner, verify }))).toBe(expected);
    expect((await refresh(test, refreshToken)).status).toBe(200);
  });

  it('has a name in any case', async () => {
    const { refreshToken } = await login(test);
    const verify = encryptByDES(randomUUID(), 'acme-key');
    const answer = await refresh(test, refreshToken, {
      owner: null,
      verify: null,
      headers: { XOWNERID: 'acme', xverifyapi: verify },
    });
    expect(answer.status).toBe(200);
  });

  it('of a disabled project is refused, and its sessions live on when it is enabled again', async () => {
    const { refreshToken, accessToken } = await login(test);
    await test.sql(`UPDATE bo_project SET status = 'disabled' WHERE owner_id = 'acme'`);
    test.clock.advance(5_001);
    expect(refusalOf(await refresh(test, refreshToken))).toBe('401 PROJECT_UNKNOWN');
    expect(refusalOf(await call(test, { url: '/auth/user', bearer: accessToken }))).toBe(
      '401 PROJECT_UNKNOWN',
    );
    await test.sql(`UPDATE bo_project SET status = 'active' WHERE owner_id = 'acme'`);
    test.clock.advance(5_001);
    expect((await refresh(test, refreshToken)).status).toBe(200);
  });

  it('of a project disabled a moment ago: a rotation is refused at once, though the copy still says active', async () => {
    const { refreshToken } = await login(test);
    await test.sql(`UPDATE bo_project SET status = 'disabled' WHERE owner_id = 'acme'`);
    expect(refusalOf(await refresh(test, refreshToken))).toBe('401 REFRESH_TOKEN_EXPIRED');
    await test.sql(`UPDATE bo_project SET status = 'active' WHERE owner_id = 'acme'`);
    expect((await refresh(test, refreshToken)).status).toBe(200);
  });

  it('in the query or the body does not count', async () => {
    const { refreshToken } = await login(test);
    const url = `/auth/token/refresh?refreshToken=${refreshToken}&XownerId=acme&ownerId=acme&owner_id=acme`;
    expect(refusalOf(await refresh(test, '', { url, owner: 'ptdev' }))).toBe('401 REFRESH_TOKEN_EXPIRED');
    expect(refusalOf(await refresh(test, '', { url, owner: null }))).toBe('400 PROJECT_HEADER_INVALID');
    const payload = { refreshToken, XownerId: 'acme', ownerId: 'acme', owner_id: 'acme' };
    const post = { method: 'POST', url: '/auth/token/refresh', payload } as const;
    expect(refusalOf(await refresh(test, '', { ...post, owner: 'ptdev' }))).toBe('401 REFRESH_TOKEN_EXPIRED');
  });
});

describe('XsysId', () => {
  it.each([
    ['alice', 'crm', '200 null'],
    ['alice', '', '200 null'],
    ['alice', 'erp', '403 SYSTEM_FORBIDDEN'],
    ['alice', 'nil', '400 SYSTEM_UNKNOWN'],
    ['alice', 'CRM', '400 SYSTEM_UNKNOWN'],
    ['alice', 'crm, crm', '400 SYSTEM_UNKNOWN'],
    ['alice', 'x'.repeat(65), '400 HEADER_INVALID'],
    ['bob', 'crm', '200 null'],
    ['bob', 'erp', '200 null'],
    ['bob', 'nil', '400 SYSTEM_UNKNOWN'],
  ])('%s, %s', async (user, XsysId, expected) => {
    expect(refusalOf(await refreshWith({ XsysId }, user))).toBe(expected);
  });

  it('of another project is unknown', async () => {
    const answer = await call(test, {
      owner: 'ptdev',
      url: '/auth/token/refresh',
      headers: { XsysId: 'crm' },
    });
    expect(refusalOf(answer)).toBe('400 SYSTEM_UNKNOWN');
  });

  it('narrows a login and the Bearer calls too', async () => {
    const payload = { userName: 'alice', password: 'alice-password' };
    const headers = { XsysId: 'erp' };
    const refused = await call(test, { method: 'POST', url: '/auth/token', payload, headers });
    expect(refusalOf(refused)).toBe('403 SYSTEM_FORBIDDEN');
    const { accessToken: bearer } = await login(test, { headers: { XsysId: 'crm' } });
    for (const url of ['/auth/user', '/auth/sessions']) {
      expect(refusalOf(await call(test, { url, bearer, headers }))).toBe('403 SYSTEM_FORBIDDEN');
      expect((await call(test, { url, bearer, headers: { XsysId: 'crm' } })).status).toBe(200);
    }
  });

  it('is not told to whom has a wrong password', async () => {
    const payload = { userName: 'alice', password: 'wrong' };
    const answer = await call(test, {
      method: 'POST',
      url: '/auth/token',
      payload,
      headers: { XsysId: 'erp' },
    });
    expect(refusalOf(answer)).toBe('401 CREDENTIALS_REFUSED');
  });
});

describe('XfilterAreaCode', () => {
  it.each([
    ['alice', '310000', '200 null'],
    ['alice', '310100', '200 null'],
    ['alice', '310101', '200 null'],
    ['alice', '', '200 null'],
    ['alice', '110000', '403 AREA_FORBIDDEN'],
    ['alice', '999999', '400 AREA_UNKNOWN'],
    ['alice', '31010', '400 AREA_UNKNOWN'],
    ['alice', 'x'.repeat(65), '400 HEADER_INVALID'],
    ['bob', '110000', '200 null'],
    ['bob', '310101', '200 null'],
    ['bob', '999999', '400 AREA_UNKNOWN'],
  ])('%s, %s', async (user, XfilterAreaCode, expected) => {
    expect(refusalOf(await refreshWith({ XfilterAreaCode }, user))).toBe(expected);
  });

  it('above an area of the user is forbidden: it would widen', async () => {
    await test.sql(`UPDATE bo_user SET area_code = '["310100"]' WHERE owner_id = 'acme' AND user_id = 'bob'`);
    test.clock.advance(5_001);
    try {
      const { refreshToken } = await login(test, { user: 'bob' });
      const narrowed = (XfilterAreaCode: string) =>
        refresh(test, refreshToken, { headers: { XfilterAreaCode } });
      expect(refusalOf(await narrowed('310000'))).toBe('403 AREA_FORBIDDEN');
      expect(refusalOf(await narrowed('110000'))).toBe('403 AREA_FORBIDDEN');
      expect((await narrowed('310101')).status).toBe(200);
    } finally {
      await test.sql(`UPDATE bo_user SET area_code = '[]' WHERE owner_id = 'acme' AND user_id = 'bob'`);
    }
  });

  it('of a tree with a loop ends', async () => {
    await test.sql(`INSERT INTO bo_sys_area VALUES ('loop-a', 'loop-b', 'a'), ('loop-b', 'loop-a', 'b')`);
    expect(refusalOf(await refreshWith({ XfilterAreaCode: 'loop-a' }))).toBe('403 AREA_FORBIDDEN');
  });
});

describe('the sharing users', () => {
  it.each(['XuserFromFirstShareId', 'XuserFromSecondShareId'])('%s', async (name) => {
    expect((await refreshWith({ [name]: 'bob' })).status).toBe(200);
    expect((await refreshWith({ [name]: '' })).status).toBe(200);
    expect(refusalOf(await refreshWith({ [name]: 'nobody' }))).toBe('400 SHARE_USER_UNKNOWN');
    expect(refusalOf(await refreshWith({ [name]: 'ptdev' }))).toBe('400 SHARE_USER_UNKNOWN');
    expect(refusalOf(await refreshWith({ [name]: 'x'.repeat(65) }))).toBe('400 HEADER_INVALID');
  });

  it('that are disabled are refused', async () => {
    await test.sql(`UPDATE bo_user SET status = 'disabled' WHERE owner_id = 'acme' AND user_id = 'bob'`);
    test.clock.advance(5_001);
    expect(refusalOf(await refreshWith({ XuserFromFirstShareId: 'bob' }))).toBe('400 SHARE_USER_UNKNOWN');
    await test.sql(`UPDATE bo_user SET status = 'active' WHERE owner_id = 'acme' AND user_id = 'bob'`);
    test.clock.advance(5_001);
  });

  const recorded = async (sid: unknown) => {
    const [row] = await test.sql<Record<string, string | null>>(
      'SELECT first_share_user_id, second_share_user_id FROM bo_auth_session WHERE id = $1',
      String(sid),
    );
    return row;
  };

  it('of a login are recorded on the session and in the audit trail', async () => {
    const headers = { XuserFromFirstShareId: 'bob', XuserFromSecondShareId: 'alice' };
    const grant = await login(test, { headers });
    const { sid } = claimsOf(grant.accessToken);
    const expected = { first_share_user_id: 'bob', second_share_user_id: 'alice' };
    expect(await recorded(sid)).toEqual(expected);
    const [event] = await test.sql<{ detail: string }>(
      `SELECT detail FROM bo_auth_event WHERE kind = 'login' AND session_id = $1`,
      String(sid),
    );
    expect(JSON.parse(event?.detail ?? '')).toMatchObject({
      firstShareUserId: 'bob',
      secondShareUserId: 'alice',
    });
    // A refresh without them takes nothing back.
    await refresh(test, grant.refreshToken);
    expect(await recorded(sid)).toEqual(expected);
  });

  it('that a refresh names first are recorded too', async () => {
    const grant = await login(test);
    const { sid } = claimsOf(grant.accessToken);
    await refresh(test, grant.refreshToken, { headers: { XuserFromFirstShareId: 'bob' } });
    expect(await recorded(sid)).toEqual({ first_share_user_id: 'bob', second_share_user_id: null });
    const events = await test.sql<{ detail: string }>(
      'SELECT detail FROM bo_auth_event WHERE session_id = $1',
      String(sid),
    );
    expect(events.some(({ detail }) => detail.includes('bob'))).toBe(true);
  });
});

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
      JSON.stringify({ ...headers, date: null, 'x-request-id': null }),
    );
    expect(new Set(heads).size).toBe(1);
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
      ];
      for (const answer of await Promise.all(others))
        expect(refusalOf(answer)).toBe('401 VERIFY_API_REFUSED');
      expect((await refresh(test, two.refreshToken)).status).toBe(200);
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

    it('is not spent by a request with a mistake in another header', async () => {
      const [one, two] = [await login(test), await login(test)];
      const verify = encryptByDES(guid(), key);
      const headers = { XsysId: 'nil' };
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
      test.clock.advance(5_001);
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

describe('the order of judgement', () => {
  it('tells nothing of a project to whom does not know its key', async () => {
    const answer = await call(test, {
      url: '/auth/token/refresh?refreshToken=x',
      verify: 'wrong',
      headers: { XsysId: 'nil', XfilterAreaCode: 'nil', XuserFromFirstShareId: 'nil' },
    });
    expect(refusalOf(answer)).toBe('401 VERIFY_API_REFUSED');
  });

  it('holds on every call of the API', async () => {
    const calls = [
      ['POST', '/auth/token'],
      ['GET', '/auth/token/refresh'],
      ['POST', '/auth/token/refresh'],
      ['POST', '/auth/token/revoke'],
      ['POST', '/auth/token/introspect'],
      ['GET', '/auth/user'],
      ['GET', '/auth/sessions'],
      ['DELETE', '/auth/sessions?scope=all'],
      ['DELETE', '/auth/sessions/0000000000000001'],
    ] as const;
    for (const [method, url] of calls) {
      expect(refusalOf(await call(test, { method, url, owner: null }))).toBe('400 PROJECT_HEADER_INVALID');
      expect(refusalOf(await call(test, { method, url, owner: 'nil' }))).toBe('401 PROJECT_UNKNOWN');
      expect(refusalOf(await call(test, { method, url, verify: null }))).toBe('401 VERIFY_API_REFUSED');
      expect(refusalOf(await call(test, { method, url, headers: { XsysId: 'nil' } }))).toBe(
        '400 SYSTEM_UNKNOWN',
      );
    }
  });

  it('is not asked of the probes', async () => {
    const bare = { owner: null, verify: null };
    expect((await call(test, { ...bare, url: '//health/live' })).status).toBe(200);
    expect((await call(test, { ...bare, url: '//health/ready' })).status).toBe(200);
    expect((await call(test, { ...bare, url: `/${API}/health/live` })).status).toBe(404);
  });
});
