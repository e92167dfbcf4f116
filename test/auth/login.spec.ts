import { STALENESS_MS } from '../../src/cache/staleness.js';
import type { TokenGrant, TokenUser } from '../../src/auth/token-grant.js';
import { call, claimsOf, dataOf, login, refresh, refusalOf, startApp, type TestApp } from '../support/app.js';

let test: TestApp;
beforeAll(async () => {
  test = await startApp();
});
afterAll(() => test.close());

const signIn = (payload: string | object, headers: Record<string, string> = {}, owner = 'acme') =>
  call<TokenGrant>(test, { method: 'POST', url: '/auth/token', owner, payload, headers });

describe('login', () => {
  it('answers as a refresh does', async () => {
    const before = test.clock.now();
    const answer = await signIn({ userName: 'alice', password: 'alice-password' });
    const after = test.clock.now();
    expect(answer.body).toMatchObject({ success: true, code: 0, cacheType: 'sqlite' });
    const grant = dataOf(answer);
    expect(grant).toEqual({
      tokenType: 'Bearer',
      tokenUser: {
        clientId: 'acme-web',
        userId: 'alice',
        userName: 'alice',
        pushName: 'Alice',
        roleId: [],
        depId: [],
        areaCode: ['310000'],
        jobId: [],
        sysId: ['crm'],
        mergeUserId: [],
        developer: 0,
      },
      timeStamp: expect.any(Number),
      refreshToken: expect.stringMatching(/^[0-9A-Za-z]{32}$/),
      accessToken: expect.any(String),
      clientId: 'acme-web',
      expires: new Date(grant.timeStamp + 14 * 86_400_000).toISOString().slice(0, 19),
      expiresIn: 600,
      tokenSeq: 1,
    });
    expect(grant.timeStamp).toBeGreaterThanOrEqual(before);
    expect(grant.timeStamp).toBeLessThanOrEqual(after);
    expect(claimsOf(grant.accessToken)).toMatchObject({ area_code: '310000', sys_id: 'crm', developer: '0' });
  });

  it('takes the clientId of the body, and keeps it', async () => {
    const grant = dataOf(await signIn({ userName: 'bob', password: 'bob-password', clientId: 'kiosk-7' }));
    expect([grant.clientId, grant.tokenUser.clientId]).toEqual(['kiosk-7', 'kiosk-7']);
    const next = dataOf(await refresh(test, grant.refreshToken));
    expect([next.clientId, next.tokenUser.clientId]).toEqual(['kiosk-7', 'kiosk-7']);
    expect(claimsOf(next.accessToken)['client_id']).toBe('kiosk-7');
  });

  it('takes a form, too', async () => {
    const answer = await signIn('userName=bob&password=bob-password', {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    });
    expect(answer.status).toBe(200);
  });

  it('writes one session and one event, with no secret in either', async () => {
    const grant = await login(test);
    const sid = String(claimsOf(grant.accessToken)['sid']);
    const rows = await test.sql('SELECT * FROM bo_auth_session WHERE id = $1', sid);
    const events = await test.sql('SELECT * FROM bo_auth_event WHERE session_id = $1', sid);
    expect(rows).toHaveLength(1);
    expect(events).toEqual([expect.objectContaining({ kind: 'login', owner_id: 'acme', user_id: 'alice' })]);
    const text = JSON.stringify([rows, events]);
    for (const secret of ['alice-password', grant.refreshToken, grant.accessToken])
      expect(text).not.toContain(secret);
  });

  it('refuses a wrong name, a wrong password, a foreign user and a disabled one with one and the same answer', async () => {
    await test.sql(`UPDATE bo_user SET status = 'disabled' WHERE owner_id = 'acme' AND user_id = 'bob'`);
    const answers = [
      await signIn({ userName: 'alice', password: 'wrong' }),
      await signIn({ userName: 'nobody', password: 'alice-password' }),
      await signIn({ userName: 'Alice', password: 'alice-password' }),
      await signIn({ userName: 'alice ', password: 'alice-password' }),
      await signIn({ userName: '__proto__', password: 'alice-password' }),
      await signIn({ userName: "alice' --", password: 'alice-password' }),
      await signIn({ userName: '\ud800', password: '\udfff' }),
      await signIn({ userName: 'bob', password: 'bob-password' }),
      await signIn({ userName: 'dev', password: 'dev-password' }),
      await signIn({ userName: 'alice', password: 'alice-password' }, {}, 'ptdev'),
    ];
    await test.sql(`UPDATE bo_user SET status = 'active' WHERE owner_id = 'acme' AND user_id = 'bob'`);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(refusalOf(answers[0]!)).toBe('401 CREDENTIALS_REFUSED');
  });

  it('opens no session when it refuses', async () => {
    const count = async () => (await test.sql('SELECT count(*) AS n FROM bo_auth_session'))[0];
    const before = await count();
    await signIn({ userName: 'alice', password: 'wrong' });
    await signIn({ userName: 'alice', password: 'alice-password' }, { XsysId: 'erp' });
    await call(test, {
      method: 'POST',
      url: '/auth/token?_nodejs=nil',
      payload: { userName: 'alice', password: 'alice-password' },
    });
    expect(await count()).toEqual(before);
  });

  it.each([
    ['no body', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '7'],
    ['a string', '"alice"'],
    ['no password', '{"userName":"alice"}'],
    ['an empty name', '{"userName":"","password":"x"}'],
    ['a name of 65', JSON.stringify({ userName: 'a'.repeat(65), password: 'x' })],
    ['a password of 1025', JSON.stringify({ userName: 'alice', password: 'x'.repeat(1025) })],
    ['objects', '{"userName":{"$ne":null},"password":{"$ne":null}}'],
    ['lists', '{"userName":["alice"],"password":["alice-password"]}'],
    ['NUL', String.raw`{"userName":"alice\u0000","password":"x"}`],
    ['an empty clientId', '{"userName":"alice","password":"alice-password","clientId":""}'],
    ['a number as clientId', '{"userName":"alice","password":"alice-password","clientId":7}'],
  ])('%s: 400', async (_, payload) => {
    const answer = await signIn(payload, { 'content-type': 'application/json' });
    expect(refusalOf(answer)).toBe('400 PARAMETER_INVALID');
  });

  it('names the field and repeats nothing of it', async () => {
    const { body } = await signIn({ userName: 'alice', password: 'SECRET'.repeat(200) });
    expect(body.message).toMatch(/^password .*1 to 1024/);
    expect(JSON.stringify(body)).not.toContain('SECRET');
  });
});

describe('GET /auth/user', () => {
  it('is the tokenUser of the login', async () => {
    const grant = await login(test);
    const answer = await call<TokenUser>(test, { url: '/auth/user', bearer: grant.accessToken });
    expect(dataOf(answer)).toEqual(grant.tokenUser);
  });

  it('sees a change of the user within the staleness bound, and so does a refresh', async () => {
    const grant = await login(test, { user: 'bob' });
    await call(test, { url: '/auth/user', bearer: grant.accessToken });
    await test.sql(`UPDATE bo_user SET push_name = '鲍勃' WHERE owner_id = 'acme' AND user_id = 'bob'`);
    test.clock.advance(STALENESS_MS + 1);
    const answer = await call<TokenUser>(test, { url: '/auth/user', bearer: grant.accessToken });
    expect(dataOf(answer).pushName).toBe('鲍勃');
    const next = dataOf(await refresh(test, grant.refreshToken));
    expect(next.tokenUser.pushName).toBe('鲍勃');
    expect(claimsOf(next.accessToken)['push_name']).toBe('鲍勃');
  });

  it('refuses what is no living access token of the project', async () => {
    const grant = await login(test);
    const foreign = await login(test, {
      owner: 'ptdev',
      payload: { userName: 'dev', password: 'dev-password' },
    });
    const authorizations = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      `Basic ${grant.accessToken}`,
      grant.accessToken,
      `Bearer ${grant.refreshToken}`,
      `Bearer ${grant.accessToken} x`,
      `Bearer ${grant.accessToken}=`,
      `Bearer ${grant.accessToken.slice(0, -4)}`,
      `Bearer ${foreign.accessToken}`,
      `Bearer ${'a'.repeat(9_000)}`,
    ];
    const answers = [];
    for (const authorization of authorizations)
      answers.push(await call(test, { url: '/auth/user', headers: { authorization } }));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(refusalOf(answers[0]!)).toBe('401 ACCESS_TOKEN_REFUSED');
    expect((await call(test, { url: '/auth/user', bearer: grant.accessToken })).status).toBe(200);
  });

  it('refuses an expired access token', async () => {
    const { accessToken: bearer } = await login(test);
    test.clock.stop();
    test.clock.advance(598_000);
    expect((await call(test, { url: '/auth/user', bearer })).status).toBe(200);
    test.clock.advance(2_000);
    expect(refusalOf(await call(test, { url: '/auth/user', bearer }))).toBe('401 ACCESS_TOKEN_REFUSED');
    test.clock.run();
  });

  it('refuses the access tokens of a disabled user within the bound, and a refresh immediately', async () => {
    const { accessToken: bearer, refreshToken } = await login(test, { user: 'bob' });
    await call(test, { url: '/auth/user', bearer });
    await test.sql(`UPDATE bo_user SET status = 'disabled' WHERE owner_id = 'acme' AND user_id = 'bob'`);
    expect(refusalOf(await refresh(test, refreshToken))).toBe('401 ACCOUNT_DISABLED');
    test.clock.advance(STALENESS_MS + 1);
    expect(refusalOf(await call(test, { url: '/auth/user', bearer }))).toBe('401 ACCOUNT_DISABLED');
    await test.sql(`UPDATE bo_user SET status = 'active' WHERE owner_id = 'acme' AND user_id = 'bob'`);
    test.clock.advance(STALENESS_MS + 1);
    expect((await refresh(test, refreshToken)).status).toBe(200);
  });
});
