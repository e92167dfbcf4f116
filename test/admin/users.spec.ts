import type { TokenGrant } from '../../src/auth/token-grant.js';
import type { Page } from '../../src/response/page.js';
import type { UserView } from '../../src/admin/user/user-view.js';
import { call, claimsOf, refusalOf } from '../support/app.js';
import {
  OPERATOR,
  test,
  asOperator,
  login,
  data,
  fresh,
  newProject,
  loginTo,
  startAdministration,
} from './administration.js';

startAdministration();

describe('users', () => {
  const users = '/projects/acme/users';
  async function newUser(more: object = {}): Promise<UserView & { password: string }> {
    const userId = fresh('u');
    const answer = await asOperator<UserView>('POST', users, {
      userId,
      userName: userId,
      password: 'first-password',
      ...more,
    });
    expect(answer.status).toBe(201);
    return { ...data(answer), password: 'first-password' };
  }

  it('never tells a hash', async () => {
    const user = await newUser();
    for (const answer of [
      await asOperator('GET', `${users}/${user.userId}`),
      await asOperator('GET', `${users}?limit=200`),
      await asOperator('PATCH', `${users}/${user.userId}`, { telephone: '123' }),
    ])
      expect(answer.text).not.toMatch(/argon2|hash|salt/i);
  });

  it('creates a user who can sign in, with the fields that the token carries', async () => {
    const user = await newUser({ roleId: ['a', 'b', 'a'], areaCode: ['310000'], pushName: '张三' });
    const grant = data(await login('acme', user.userName, user.password));
    expect(grant.tokenUser).toMatchObject({ roleId: ['a', 'b'], areaCode: ['310000'], pushName: '张三' });
  });

  it('lets nobody in as a user without a password', async () => {
    const userId = fresh('u');
    await asOperator('POST', users, { userId, userName: userId });
    for (const password of ['', 'x', 'undefined', 'null'])
      expect([400, 401]).toContain((await login('acme', userId, password)).status);
  });

  it('takes over the hash of another service', async () => {
    const { hash } = await import('@node-rs/argon2');
    const userId = fresh('u');
    const passwordHash = await hash('theirs', { memoryCost: 4096, timeCost: 3, parallelism: 1 });
    expect((await asOperator('POST', users, { userId, userName: userId, passwordHash })).status).toBe(201);
    expect((await login('acme', userId, 'theirs')).status).toBe(200);
    const bad = await asOperator('POST', users, { userId: 'x', userName: 'x', passwordHash: 'md5:1234' });
    expect(bad.body.message).toMatch(/^passwordHash must be an argon2id hash as a PHC string/);
  });

  const phc = (parameters: string, rest = `c29tZXNhbHQxMjM0NTY$${'A'.repeat(43)}`) =>
    `$argon2id$v=19$${parameters}$${rest}`;

  it.each([
    [phc('m=65537,t=1,p=1'), /costs too much: m may be up to 65536, p up to 4, and m times t up to 262144$/],
    [phc('m=4096,t=65,p=1'), /costs too much/],
    [phc('m=4096,t=1,p=5'), /costs too much/],
    [phc('m=15,t=1,p=2'), /PHC string/],
    [phc('m=4096,t=0,p=1'), /PHC string/],
    [phc('m=04096,t=1,p=1'), /PHC string/],
    [phc('m=4096,t=1'), /PHC string/],
    [phc('m=4096,t=1,p=1', `c29tZXNhbHQxMjM0NTY$${'A'.repeat(42)}B`), /PHC string/],
    [phc('m=4096,t=1,p=1', `c2FsdA$${'A'.repeat(43)}`), /PHC string/],
    [phc('m=4096,t=1,p=1').replace('19', '16'), /PHC string/],
    [phc('m=4096,t=1,p=1').replace('argon2id', 'argon2i'), /PHC string/],
  ])('refuses a hash that is malformed or costs others too much: %s', async (passwordHash, rule) => {
    const answer = await asOperator('POST', users, { userId: 'x', userName: 'x', passwordHash });
    expect([answer.status, answer.body.error.errorCode]).toEqual([400, 'PARAMETER_INVALID']);
    expect(answer.body.message).toMatch(rule);
    expect(answer.text).not.toContain('c29t');
  });

  it.each([phc('m=65536,t=4,p=1'), phc('m=65536,t=3,p=4'), phc('m=7168,t=5,p=1'), phc('m=65536,p=4,t=3')])(
    'takes the parameters of other services: %s',
    async (passwordHash) => {
      const userId = fresh('u');
      const added = await asOperator('POST', users, { userId, userName: userId, passwordHash });
      expect(added.status).toBe(201);
    },
  );

  it('keeps names and ids apart', async () => {
    const user = await newUser();
    for (const input of [
      { userId: user.userId, userName: fresh('n') },
      { userId: fresh('u'), userName: user.userName },
    ]) {
      const answer = await asOperator('POST', users, input);
      expect(answer.body.error.errorCode).toBe('USER_EXISTS');
    }
    const other = await newUser();
    const renamed = await asOperator('PATCH', `${users}/${other.userId}`, { userName: user.userName });
    expect(renamed.body.error.errorCode).toBe('USER_EXISTS');
    // The same name in another project is another user.
    const elsewhere = await asOperator('POST', '/projects/ptdev/users', {
      userId: user.userId,
      userName: user.userName,
    });
    expect(elsewhere.status).toBe(201);
  });

  it.each([
    [{ userId: 'a,b' }, /userId/],
    [{ userId: '' }, /userId/],
    [{ userId: 'é' }, /userId/],
    [{ userId: 'x'.repeat(65) }, /userId/],
    [{ userName: 'a\u0000b' }, /userName/],
    [{ userName: '\ud800' }, /userName/],
    [{ password: 'short' }, /password must be 8 to 1024 characters/],
    [{ developer: 2 }, /developer must be 0 or 1/],
    [{ developer: '1' }, /developer/],
    [{ roleId: 'admin' }, /roleId must be a list/],
    [{ roleId: ['a,b'] }, /roleId\.0 must be without a comma/],
    [{ ownerId: 'ptdev' }, /ownerId is not a field of this call/],
    [{ status: 'active' }, /status is not a field/],
    [{ validAfter: 0 }, /validAfter is not a field/],
  ])('judges %j', async (input, rule) => {
    const userId = fresh('u');
    const answer = await asOperator('POST', users, { userId, userName: userId, ...input });
    expect([answer.status, answer.body.error.errorCode]).toEqual([400, 'PARAMETER_INVALID']);
    expect(answer.body.message).toMatch(rule);
  });

  it('is not fooled by __proto__', async () => {
    const answer = await call(test, {
      method: 'POST',
      url: `/admin${users}`,
      bearer: OPERATOR,
      headers: { 'content-type': 'application/json' },
      payload: '{"userId":"p","userName":"p","__proto__":{"developer":1}}',
    });
    expect(answer.status).toBe(400);
  });

  it('ends all sessions of a user who is disabled, and lets the user sign in again after enabling', async () => {
    const user = await newUser();
    const grant = data(await login('acme', user.userName, user.password));
    const me = () => call(test, { url: '/auth/user', bearer: grant.accessToken });
    const refresh = () => call(test, { url: `/auth/token/refresh?refreshToken=${grant.refreshToken}` });
    expect((await me()).status).toBe(200);
    const disabled = await asOperator<UserView>('POST', `${users}/${user.userId}/disable`);
    expect(data(disabled).status).toBe('disabled');
    const told = async () => [refusalOf(await me()), refusalOf(await refresh())];
    expect(await told()).toEqual(['401 ACCOUNT_DISABLED', '401 ACCOUNT_DISABLED']);
    expect((await login('acme', user.userName, user.password)).status).toBe(401);
    await asOperator('POST', `${users}/${user.userId}/enable`);
    expect(await told()).toEqual(['401 ACCOUNT_DISABLED', '401 ACCOUNT_DISABLED']);
    expect((await login('acme', user.userName, user.password)).status).toBe(200);
  });

  it('sets a password, which ends the sessions unless told otherwise', async () => {
    const user = await newUser();
    const first = data(await login('acme', user.userName, user.password));
    const put = (body: object) => asOperator('PUT', `${users}/${user.userId}/password`, body);
    expect((await put({ password: 'second-password', keepSessions: true })).body.data).toEqual({ ended: 0 });
    expect((await call(test, { url: '/auth/user', bearer: first.accessToken })).status).toBe(200);
    expect((await login('acme', user.userName, user.password)).status).toBe(401);
    expect((await put({ password: 'third-password' })).body.data).toEqual({ ended: 1 });
    // The first reason stays, whatever happens to the user afterwards.
    await asOperator('DELETE', `${users}/${user.userId}/sessions`);
    const told = [
      await call(test, { url: '/auth/user', bearer: first.accessToken }),
      await call(test, { url: `/auth/token/refresh?refreshToken=${first.refreshToken}` }),
    ];
    expect(told.map(refusalOf)).toEqual(['401 PASSWORD_CHANGED', '401 PASSWORD_CHANGED']);
    expect((await login('acme', user.userName, 'third-password')).status).toBe(200);
  });

  it('lists and ends sessions, one or all', async () => {
    const user = await newUser();
    const [one, two] = [
      data(await login('acme', user.userName, user.password)),
      data(await login('acme', user.userName, user.password)),
    ];
    const sessions = `${users}/${user.userId}/sessions`;
    const listed = data(await asOperator<{ items: { sessionId: string }[] }>('GET', sessions)).items;
    expect(listed).toHaveLength(2);
    expect(Object.keys(listed[0] ?? {})).not.toContain('secret');
    const bobs = await asOperator('DELETE', `${users}/bob/sessions/${listed[0]?.sessionId}`);
    expect(bobs.status).toBe(404);
    expect((await asOperator('DELETE', `${sessions}/${listed[0]?.sessionId}`)).body.data).toEqual({
      ended: 1,
    });
    const told = async (grant: TokenGrant) =>
      refusalOf(await call(test, { url: '/auth/user', bearer: grant.accessToken }));
    const ended = '401 SESSION_ENDED_BY_ADMIN';
    expect([await told(one), await told(two)]).toEqual(expect.arrayContaining(['200 null', ended]));
    expect((await asOperator('DELETE', sessions)).body.data).toEqual({ ended: 1 });
    expect([await told(one), await told(two)]).toEqual([ended, ended]);
  });

  it('ends a session once, and none that is over', async () => {
    const user = await newUser();
    const signIn = async () =>
      String(claimsOf(data(await login('acme', user.userName, user.password)).accessToken)['sid']);
    const end = async (id: string) =>
      refusalOf(await asOperator('DELETE', `${users}/${user.userId}/sessions/${id}`));
    const set = (column: string, at: number, id: string) =>
      test.sql(`UPDATE bo_auth_session SET ${column} = $1 WHERE id = $2`, at, id);
    const [alive, idle, expired, disabled] = [await signIn(), await signIn(), await signIn(), await signIn()];
    const now = test.clock.now();
    await set('idle_expires_at', now, idle);
    await set('expires_at', now, expired);
    expect([await end(alive), await end(alive)]).toEqual(['200 null', '404 SESSION_UNKNOWN']);
    for (const id of [idle, expired]) expect(await end(id)).toBe('404 SESSION_UNKNOWN');

    await asOperator('POST', `${users}/${user.userId}/disable`);
    // That ended all sessions of the user for good.
    expect(await end(disabled)).toBe('404 SESSION_UNKNOWN');
    await asOperator('POST', `${users}/${user.userId}/enable`);

    const forgotten = await signIn();
    await asOperator('DELETE', `${users}/${user.userId}/sessions`);
    expect(await end(forgotten)).toBe('404 SESSION_UNKNOWN');
  });

  it('ends a session of a disabled project, which would live again with it', async () => {
    const project = await newProject();
    const users = `/projects/${project.ownerId}/users`;
    await asOperator('POST', users, { userId: 'd', userName: 'd', password: 'd-password' });
    const grant = await loginTo(project, 'd', 'd-password');
    await asOperator('POST', `/projects/${project.ownerId}/disable`);
    const sid = String(claimsOf(data(grant).accessToken)['sid']);
    expect(refusalOf(await asOperator('DELETE', `${users}/d/sessions/${sid}`))).toBe('200 null');
  });

  it('finds a user by the login name', async () => {
    const page = data(await asOperator<Page<UserView>>('GET', `${users}?userName=bob`));
    expect(page.items.map(({ userId }) => userId)).toEqual(['bob']);
  });
});
