import { Login } from '../../src/auth/login/login.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import { ProjectDirectory } from '../../src/tenancy/project/project-directory.js';
import { call, dataOf, login, refresh, refusalOf, startApp, type TestApp } from '../support/app.js';

const OPERATOR = 'development-only-operator-token-change-me';
const DAY_MS = 86_400_000;

let test: TestApp;
beforeAll(async () => (test = await startApp()));
afterAll(() => test.close());

const administer = (method: 'POST' | 'PUT' | 'PATCH', url: string, payload: object) =>
  call(test, { method, url: `/admin/projects/acme${url}`, bearer: OPERATOR, payload });

const set = (settings: object) => administer('PATCH', '', settings);

const change = (userName: string, password: string, newPassword: string, more: object = {}) =>
  call<TokenGrant>(test, {
    method: 'PUT',
    url: '/auth/password',
    payload: { userName, password, newPassword, ...more },
  });

const signIn = (userName: string, password: string) =>
  call<TokenGrant>(test, { method: 'POST', url: '/auth/token', payload: { userName, password } });

const row = async (userId: string) => {
  const [user] = await test.sql(`SELECT * FROM bo_user WHERE owner_id = 'acme' AND user_id = $1`, userId);
  return user ?? {};
};

async function add(userName: string, more: object = { password: 'first secret' }): Promise<void> {
  const added = await administer('POST', '/users', { userId: userName, userName, ...more });
  expect([added.status, added.text.slice(0, 0)]).toEqual([201, '']);
}

it('changes the password, ends all other sessions, and opens a new one', async () => {
  const former = await login(test);
  const changed = dataOf(await change('alice', 'alice-password', 'another secret', { clientId: 'phone' }));
  expect(changed).toMatchObject({ clientId: 'phone', tokenSeq: 1 });
  expect(refusalOf(await refresh(test, former.refreshToken))).toBe('401 PASSWORD_CHANGED');
  expect((await refresh(test, changed.refreshToken)).status).toBe(200);
  const bearer = await call(test, { url: '/auth/sessions', bearer: former.accessToken });
  expect(refusalOf(bearer)).toBe('401 PASSWORD_CHANGED');
  expect(refusalOf(await signIn('alice', 'alice-password'))).toBe('401 CREDENTIALS_REFUSED');
  expect((await signIn('alice', 'another secret')).status).toBe(200);
  const [event] = await test.sql<{ detail: string }>(
    `SELECT detail FROM bo_auth_event WHERE kind = 'password-changed' AND user_id = 'alice'`,
  );
  expect(JSON.parse(event?.detail ?? '')).toMatchObject({ ended: 1, ip: '127.0.0.1' });
  expect(test.log.join('\n')).not.toMatch(/another secret|alice-password/);
});

it('takes the present password only, and once', async () => {
  expect(refusalOf(await change('bob', 'wrong', 'another secret'))).toBe('401 CREDENTIALS_REFUSED');
  expect(refusalOf(await change('nobody', 'wrong', 'short'))).toBe('401 CREDENTIALS_REFUSED');
  expect((await row('bob'))['password_set_at']).toBeNull();
  const both = await Promise.all(
    ['secret of one', 'secret of two'].map((next) => change('bob', 'bob-password', next)),
  );
  expect(both.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 401]);
});

it('a login under way with the former password opens no session', async () => {
  await add('late');
  const project = (await test.app.get(ProjectDirectory, { strict: false }).find('acme'))!;
  const tenant = { project, systemId: null, firstShareUserId: null, secondShareUserId: null, areaCode: null };
  const underWay = await test.app
    .get(Login, { strict: false })
    .login(
      tenant,
      { userName: 'late', password: 'first secret' },
      { ip: '127.0.0.1', userAgent: '', requestId: 'r' },
      new AbortController().signal,
    );
  dataOf(await change('late', 'first secret', 'second secret'));
  expect(await underWay.commit?.()).toBe(false);
});

it('a user who must change the password cannot sign in before, but stays signed in', async () => {
  await add('first');
  const before = dataOf(await signIn('first', 'first secret'));
  await administer('PATCH', '/users/first', { mustChangePassword: true });
  expect(refusalOf(await signIn('first', 'wrong'))).toBe('401 CREDENTIALS_REFUSED');
  expect(refusalOf(await signIn('first', 'first secret'))).toBe('403 PASSWORD_CHANGE_REQUIRED');
  const refreshed = dataOf(await refresh(test, before.refreshToken));
  expect(refusalOf(await change('first', 'first secret', 'first secret'))).toBe('400 PASSWORD_TOO_WEAK');
  dataOf(await change('first', 'first secret', 'second secret'));
  expect(refusalOf(await refresh(test, refreshed.refreshToken))).toBe('401 PASSWORD_CHANGED');
  expect((await signIn('first', 'second secret')).status).toBe(200);
});

it('with firstLoginChange, a password that an administrator sets must be changed; an imported one may stay', async () => {
  await set({ firstLoginChange: 'on' });
  const passwordHash = 'e2fc714c4727ee9395f324cd2e7f331f'; // md5 of abcd
  await add('set');
  await add('imported', { passwordHash, passwordFormat: 'md5(password)' });
  await add('exempt', { password: 'first secret', mustChangePassword: false });
  expect(refusalOf(await signIn('set', 'first secret'))).toBe('403 PASSWORD_CHANGE_REQUIRED');
  expect((await signIn('imported', 'abcd')).status).toBe(200);
  expect((await signIn('exempt', 'first secret')).status).toBe(200);
  await administer('PUT', '/users/exempt/password', { password: 'second secret' });
  expect(refusalOf(await signIn('exempt', 'second secret'))).toBe('403 PASSWORD_CHANGE_REQUIRED');
  await administer('PUT', '/users/exempt/password', { password: 'third secret', mustChangePassword: false });
  expect((await signIn('exempt', 'third secret')).status).toBe(200);
  await set({ firstLoginChange: 'off' });
});

it.each([
  ['1234567', /must have at least 10 characters/, '至少需要 10 个字符'],
  ['😀😀😀😀😀', /must have at least 10 characters/, '至少需要 10 个字符'],
  ['only lower letters', /must have at least 3 of these/, '至少需要包含下列字符中的 3 类'],
  ['Password123', /most common passwords/, '最常见的密码'],
  ['My-WEAK-1 secret', /must not contain the name of the user/, '不得包含用户本人的名称'],
  ['我的密码-Anna Li 1', /must not contain the name of the user/, '不得包含用户本人的名称'],
])('a weak password is refused, and the answer names the rule: %s', async (weak, english, chinese) => {
  await set({ passwordMinLength: 10, passwordMinClasses: 3, passwordBlocklist: 'on' });
  await administer('POST', '/users', {
    userId: '4711',
    userName: 'weak-1',
    pushName: 'Anna Li',
    password: 'weak-1-password',
  });
  const refused = await change('weak-1', 'weak-1-password', weak);
  expect(refusalOf(refused)).toBe('400 PASSWORD_TOO_WEAK');
  expect(refused.body.message).toMatch(english);
  const zh = await call(test, {
    method: 'PUT',
    url: '/auth/password',
    headers: { 'accept-language': 'zh-CN' },
    payload: { userName: 'weak-1', password: 'weak-1-password', newPassword: weak },
  });
  expect(zh.body.message).toContain(chinese);
});

it('the rules do not judge what administrators set, and are off for existing projects', async () => {
  await set({ passwordMinLength: 64, passwordMinClasses: 4, passwordBlocklist: 'on' });
  await add('weak-2', { password: 'password' });
  expect((await signIn('weak-2', 'password')).status).toBe(200);
  await set({ passwordMinLength: 8, passwordMinClasses: 1, passwordBlocklist: 'off' });
  expect((await change('weak-2', 'password', 'password1')).status).toBe(200);
  const added = await call(test, {
    method: 'POST',
    url: '/admin/projects',
    bearer: OPERATOR,
    payload: { ownerId: 'new', name: 'New' },
  });
  expect(added.body.data).toMatchObject({
    passwordBlocklist: 'on',
    passwordHistory: 0,
    passwordMaxAgeDays: null,
  });
});

it('a password that is too old must be changed', async () => {
  await add('old');
  await set({ passwordMaxAgeDays: 30 });
  test.clock.advance(30 * DAY_MS - 60_000);
  expect((await signIn('old', 'first secret')).status).toBe(200);
  test.clock.advance(60_000);
  expect(refusalOf(await signIn('old', 'first secret'))).toBe('403 PASSWORD_CHANGE_REQUIRED');
  // From before the time was recorded: the age counts from the creation of the user.
  await test.sql(`UPDATE bo_user SET password_set_at = NULL WHERE user_id = 'old'`);
  expect(refusalOf(await signIn('old', 'first secret'))).toBe('403 PASSWORD_CHANGE_REQUIRED');
  dataOf(await change('old', 'first secret', 'second secret'));
  expect((await signIn('old', 'second secret')).status).toBe(200);
  await set({ passwordMaxAgeDays: null });
});

it('a new password differs from the last ones, also from those that an administrator has set', async () => {
  await set({ passwordHistory: 3 });
  const passwordHash = 'e2fc714c4727ee9395f324cd2e7f331f'; // md5 of abcd
  await add('again', { passwordHash, passwordFormat: 'md5(password)' });
  let present = 'abcd';
  const to = async (next: string) => {
    const answer = await change('again', present, next);
    if (answer.status === 200) present = next;
    else expect(refusalOf(answer)).toBe('400 PASSWORD_TOO_WEAK');
    test.clock.advance(1_000);
    return answer.status;
  };
  expect(await to('secret number 1')).toBe(200);
  expect(await to('secret number 2')).toBe(200);
  expect(await to('secret number 1')).toBe(400);
  await administer('PUT', '/users/again/password', { password: 'secret number 3' });
  present = 'secret number 3';
  expect([await to('secret number 1'), await to('secret number 2')]).toEqual([400, 400]);
  expect(await to('secret number 4')).toBe(200);
  expect([await to('secret number 2'), await to('secret number 3')]).toEqual([400, 400]);
  expect(await to('secret number 1')).toBe(200);
  const kept = await test.sql(`SELECT password_hash FROM bo_password_history WHERE user_id = 'again'`);
  expect(kept.map((each) => String(each['password_hash']).slice(0, 10))).toEqual([
    '$argon2id$',
    '$argon2id$',
  ]);
  await set({ passwordHistory: 0 });
});

it('answers as a login does: in a cookie, or in the body for an app', async () => {
  await add('carried');
  await set({ refreshTokenIn: 'cookie' });
  const inCookie = await change('carried', 'first secret', 'second secret');
  expect(String(inCookie.headers['set-cookie'])).toMatch(/^bo_rt\.acme=\w{32};.* HttpOnly/);
  expect(inCookie.body.data?.refreshToken).toBe('');
  const inBody = await change('carried', 'second secret', 'third secret', { refreshTokenIn: 'body' });
  expect([inBody.headers['set-cookie'], inBody.body.data?.refreshToken.length]).toEqual([undefined, 32]);
  await set({ refreshTokenIn: 'body' });
});
