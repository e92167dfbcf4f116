import { randomUUID } from 'node:crypto';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import {
  API,
  call,
  claimsOf,
  encryptByDES,
  login,
  refresh,
  refusalOf,
  SAMPLE_TOKEN,
} from '../support/app.js';
import { test, refreshWith, startTenantService } from './tenant-service.js';

startTenantService();

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

  it('of a disabled project is refused, and its sessions work again when it is enabled', async () => {
    const { refreshToken, accessToken } = await login(test);
    await test.sql(`UPDATE bo_project SET status = 'disabled' WHERE owner_id = 'acme'`);
    test.clock.advance(STALENESS_MS + 1);
    expect(refusalOf(await refresh(test, refreshToken))).toBe('401 PROJECT_UNKNOWN');
    expect(refusalOf(await call(test, { url: '/auth/user', bearer: accessToken }))).toBe(
      '401 PROJECT_UNKNOWN',
    );
    await test.sql(`UPDATE bo_project SET status = 'active' WHERE owner_id = 'acme'`);
    test.clock.advance(STALENESS_MS + 1);
    expect((await refresh(test, refreshToken)).status).toBe(200);
  });

  it('of a project disabled a moment ago: a rotation is refused at once, though the copy still says active', async () => {
    const { refreshToken } = await login(test);
    await test.sql(`UPDATE bo_project SET status = 'disabled' WHERE owner_id = 'acme'`);
    expect(refusalOf(await refresh(test, refreshToken))).toBe('401 PROJECT_UNKNOWN');
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
    const answer = await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev', headers: { XsysId: 'crm' } });
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
    test.clock.advance(STALENESS_MS + 1);
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
    test.clock.advance(STALENESS_MS + 1);
    expect(refusalOf(await refreshWith({ XuserFromFirstShareId: 'bob' }))).toBe('400 SHARE_USER_UNKNOWN');
    await test.sql(`UPDATE bo_user SET status = 'active' WHERE owner_id = 'acme' AND user_id = 'bob'`);
    test.clock.advance(STALENESS_MS + 1);
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
      const ill = { XsysId: 'x'.repeat(65) };
      expect(refusalOf(await call(test, { method, url, headers: ill }))).toBe('400 HEADER_INVALID');
    }
  });

  const unknown = [
    [{ XsysId: 'nil' }, '400 SYSTEM_UNKNOWN'],
    [{ XuserFromFirstShareId: 'nil' }, '400 SHARE_USER_UNKNOWN'],
    [{ XuserFromSecondShareId: 'nil' }, '400 SHARE_USER_UNKNOWN'],
    [{ XfilterAreaCode: 'nil' }, '400 AREA_UNKNOWN'],
  ] as const;
  it.each(unknown)('tells whom the key alone is known nothing of %j', async (headers, known) => {
    const post = (url: string, payload: object) =>
      call(test, { method: 'POST', url: `/auth/token${url}`, payload, headers });
    const stranger = 'a'.repeat(32);
    const wrong = { userName: 'alice', password: 'wrong' };
    expect(refusalOf(await post('', wrong))).toBe('401 CREDENTIALS_REFUSED');
    expect(refusalOf(await refresh(test, stranger, { headers }))).toBe('401 REFRESH_TOKEN_EXPIRED');
    for (const url of ['/auth/user', '/admin/projects'])
      expect(refusalOf(await call(test, { url, bearer: 'x.y.z', headers }))).toBe('401 ACCESS_TOKEN_REFUSED');
    expect((await post('/revoke', { refreshToken: stranger })).text).toContain('"revoked":true');
    expect((await post('/introspect', { token: stranger })).text).toContain('"active":false');

    const { refreshToken, accessToken: bearer } = await login(test);
    expect(refusalOf(await post('', { ...wrong, password: 'alice-password' }))).toBe(known);
    expect(refusalOf(await call(test, { url: '/auth/user', bearer, headers }))).toBe(known);
    expect(refusalOf(await post('/introspect', { token: bearer }))).toBe(known);
    expect(refusalOf(await post('/introspect', { token: refreshToken }))).toBe(known);
    expect(refusalOf(await post('/revoke', { refreshToken }))).toBe(known);
    // Nothing was spent or ended.
    expect((await refresh(test, refreshToken)).status).toBe(200);
  });

  it('is not asked of the probes', async () => {
    const bare = { owner: null, verify: null };
    expect((await call(test, { ...bare, url: '//health/live' })).status).toBe(200);
    expect((await call(test, { ...bare, url: '//health/ready' })).status).toBe(200);
    expect((await call(test, { ...bare, url: `/${API}/health/live` })).status).toBe(404);
  });
});
