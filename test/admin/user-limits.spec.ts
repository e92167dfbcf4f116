import { createHash } from 'node:crypto';
import type { EventView } from '../../src/admin/event/event-log.js';
import type { Page } from '../../src/response/page.js';
import type { UserView } from '../../src/admin/user/user-view.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import { type Call, call, startApp, type TestApp } from '../support/app.js';

const OPERATOR = 'operator-token-of-this-test';
const users = '/admin/projects/acme/users';

let test: TestApp;
beforeAll(async () => {
  test = await startApp({ OPERATOR_TOKEN_HASH: createHash('sha256').update(OPERATOR).digest('hex') });
});
afterAll(() => test.close());

const send = <T = UserView>(method: Call['method'], url: string, payload?: object, bearer = OPERATOR) =>
  call<T>(test, { method, url, bearer, payload });

const login = async (userName: string, password = 'first-password') =>
  call<TokenGrant>(test, { method: 'POST', url: '/auth/token', payload: { userName, password } });

async function newDeveloper(userId: string): Promise<string> {
  const password = 'first-password';
  await send('POST', users, { userId, userName: userId, password, developer: 1 });
  return (await login(userId)).body.data?.accessToken ?? '';
}

const kindsOf = async (userId: string) =>
  (await send<Page<EventView>>('GET', `/admin/projects/acme/events?userId=${userId}`)).body.data?.items.map(
    ({ kind }) => kind,
  );

describe('the last developer', () => {
  it('may neither demote nor disable themself, until there is another one', async () => {
    const first = await newDeveloper('dev1');
    for (const refused of [
      await send('PATCH', `${users}/dev1`, { developer: 0 }, first),
      await send('PATCH', `${users}/dev1`, { status: 'disabled' }, first),
      await send('POST', `${users}/dev1/disable`, undefined, first),
    ])
      expect([refused.status, refused.body.error.errorCode]).toEqual([409, 'LAST_DEVELOPER']);
    expect((await send('PATCH', `${users}/dev1`, { developer: 1, telephone: '1' }, first)).status).toBe(200);
    await newDeveloper('dev2');
    await send('POST', `${users}/dev2/disable`);
    expect((await send('PATCH', `${users}/dev1`, { developer: 0 }, first)).status).toBe(409);
    await send('POST', `${users}/dev2/enable`);
    const demoted = await send('PATCH', `${users}/dev1`, { developer: 0 }, first);
    expect([demoted.status, demoted.body.data?.developer]).toEqual([200, 0]);
    // The operator may leave a project without one.
    expect((await send('PATCH', `${users}/dev2`, { developer: 0 })).status).toBe(200);
  });

  it('stays when two demote each other at the same time', async () => {
    const [a, b] = [await newDeveloper('dev3'), await newDeveloper('dev4')];
    const answers = await Promise.all([
      send('PATCH', `${users}/dev4`, { developer: 0 }, a),
      send('PATCH', `${users}/dev3`, { developer: 0 }, b),
    ]);
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    const rows = await test.sql(`SELECT 1 FROM bo_user WHERE owner_id = 'acme' AND developer = 1`);
    expect(rows.length).toBeGreaterThan(0);
  });
});

describe('a change of status, password and settings in one call', () => {
  it('happens as a whole, ends the sessions, and has an event for each part', async () => {
    await send('POST', users, { userId: 'all', userName: 'all', password: 'first-password' });
    const grant = (await login('all')).body.data;
    const changes = { status: 'disabled', password: 'other-password', telephone: '1' };
    const changed = await send('PATCH', `${users}/all`, changes);
    expect(changed.body.data).toMatchObject({
      status: 'disabled',
      validAfter: expect.any(String),
      telephone: '1',
    });
    expect((await call(test, { url: '/auth/user', bearer: grant?.accessToken })).status).toBe(401);
    expect(await kindsOf('all')).toEqual(
      expect.arrayContaining(['logged-out', 'password-set', 'user-disabled', 'user-changed']),
    );
    expect((await send('PATCH', `${users}/all`, { status: 'active' })).body.data?.status).toBe('active');
    expect([(await login('all')).status, (await login('all', 'other-password')).status]).toEqual([401, 200]);
  });

  it('happens not at all if the end of the sessions fails', async () => {
    await send('POST', users, { userId: 'half', userName: 'half', password: 'first-password' });
    await test.sql(
      `CREATE TRIGGER fails BEFORE INSERT ON bo_auth_event WHEN NEW.kind = 'logged-out' BEGIN SELECT RAISE(ABORT, 'no'); END`,
    );
    const answers = [
      await send('POST', `${users}/half/disable`),
      await send('PUT', `${users}/half/password`, { password: 'other-password' }),
      await send('PATCH', `${users}/half`, { status: 'disabled', password: 'other-password' }),
    ];
    await test.sql('DROP TRIGGER fails');
    expect(answers.map(({ status }) => status >= 500)).toEqual([true, true, true]);
    expect((await send('GET', `${users}/half`)).body.data?.status).toBe('active');
    expect((await login('half')).status).toBe(200);
  });
});

describe('a user who is too large for an access token', () => {
  const roles = (count: number, length = 60) =>
    Array.from({ length: count }, (_, index) => String(index).padStart(length, 'r'));

  it('is refused with the sizes, added or changed', async () => {
    await send('POST', users, { userId: 'big', userName: 'big', password: 'first-password' });
    const added = await send('POST', users, { userId: 'big2', userName: 'big2', roleId: roles(100) });
    const changed = await send('PATCH', `${users}/big`, { roleId: roles(30), depId: roles(40) });
    for (const answer of [added, changed]) {
      expect([answer.status, answer.body.error.errorCode]).toEqual([400, 'PARAMETER_INVALID']);
      expect(answer.body.message).toMatch(
        /take \d+ bytes of an access token, at most 4096 .*(roleId|depId) \d+/,
      );
    }
  });

  it('may shrink, or change otherwise, if it is one already', async () => {
    await test.sql(
      `UPDATE bo_user SET role_id = $1 WHERE owner_id = 'acme' AND user_id = 'big'`,
      JSON.stringify(roles(200)),
    );
    expect((await send('PATCH', `${users}/big`, { telephone: '' })).status).toBe(200);
    expect((await send('PATCH', `${users}/big`, { roleId: roles(150) })).status).toBe(200);
    expect((await send('PATCH', `${users}/big`, { roleId: roles(160) })).status).toBe(400);
  });

  it('has at the limit a token that our calls and a proxy with 8 KB accept', async () => {
    const wide = '角'.repeat(60);
    const roleId = Array.from({ length: 21 }, (_, index) => `${wide}${index}`);
    await send('PATCH', `${users}/big`, { roleId: [] });
    expect((await send('PATCH', `${users}/big`, { roleId })).status).toBe(200);
    expect(
      (
        await send('PATCH', `${users}/big`, {
          roleId: [...roleId, `${wide}${wide}`.slice(0, 64), `${wide}x`],
        })
      ).status,
    ).toBe(400);
    const token = (await login('big')).body.data?.accessToken ?? '';
    expect(token.length).toBeGreaterThan(5500);
    expect(token.length).toBeLessThan(7000);
    expect((await call(test, { url: '/auth/user', bearer: token })).status).toBe(200);
  });
});
