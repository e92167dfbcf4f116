import type { AdministeredSession } from '../../src/admin/session/user-sessions.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import { type Answer, call, refresh, refusalOf } from '../support/app.js';
import { asOperator, data, login, startAdministration, test } from './administration.js';

startAdministration();

const USER = '/projects/acme/users/bob';
const grant = (body: object = {}, user = USER) => asOperator<TokenGrant>('POST', `${user}/grants`, body);
const setProject = (changes: object) => asOperator('PATCH', '/projects/acme', changes);

describe('a granted session', () => {
  it('is answered as a login is, with the token in the body, and refreshes', async () => {
    await setProject({ refreshTokenIn: 'cookie' });
    const granted = await grant({ clientId: 'portal', ip: '::ffff:192.0.2.10', userAgent: 'A browser' });
    await setProject({ refreshTokenIn: 'body' });
    expect([granted.status, granted.headers['set-cookie']]).toEqual([201, undefined]);
    expect(granted.headers['cache-control']).toBe('no-store');
    const byPassword = data(await login('acme', 'bob', 'bob-password'));
    const { refreshToken, accessToken, ...tokens } = data(granted);
    expect(Object.keys(data(granted))).toEqual(Object.keys(byPassword));
    expect(tokens).toMatchObject({
      tokenType: 'Bearer',
      clientId: 'portal',
      tokenSeq: 1,
      tokenUser: { userId: 'bob', clientId: 'portal' },
    });
    const sessions = data(
      await asOperator<{ items: AdministeredSession[] }>('GET', `${USER}/sessions`),
    ).items;
    expect(sessions.find(({ clientId }) => clientId === 'portal')).toMatchObject({
      ip: '192.0.2.10',
      userAgent: 'A browser',
    });
    const bearer = await call(test, { url: '/auth/user', bearer: accessToken });
    expect(bearer.status).toBe(200);
    expect((await refresh(test, refreshToken)).status).toBe(200);
  });

  it('is in the audit trail with who granted it, and no token', async () => {
    const { accessToken, refreshToken } = data(await grant({ ip: '2001:DB8::1' }));
    const [event] = await test.sql<{ detail: string; session_id: string }>(
      `SELECT * FROM bo_auth_event WHERE kind = 'login-granted' ORDER BY id DESC LIMIT 1`,
    );
    expect(JSON.parse(event?.detail ?? '')).toEqual({
      by: 'operator',
      ip: '127.0.0.1',
      requestId: expect.any(String),
      clientId: 'acme-web',
      userIp: '2001:db8::1',
    });
    const logins = await test.sql(
      `SELECT id FROM bo_auth_event WHERE kind = 'login' AND session_id = $1`,
      event?.session_id ?? '',
    );
    expect(logins).toEqual([]);
    for (const text of [JSON.stringify(event), ...test.log])
      for (const token of [accessToken, refreshToken]) expect(text).not.toContain(token);
  });

  it('honours the session limits', async () => {
    await setProject({ maxSessions: 1, whenFull: 'refuse' });
    expect(refusalOf(await grant())).toBe('409 SESSION_LIMIT_REACHED');
    await setProject({ whenFull: 'replace' });
    const first = data(await grant());
    expect((await grant()).status).toBe(201);
    expect(refusalOf(await refresh(test, first.refreshToken))).toBe('401 SESSION_REPLACED');
    await setProject({ maxSessions: null });
  });

  it('needs neither password nor second factor', async () => {
    await setProject({ secondFactor: 'required' });
    expect((await grant()).status).toBe(201);
    await setProject({ secondFactor: 'off' });
  });

  it('is refused for a user or a project that is disabled or unknown', async () => {
    await asOperator('POST', `${USER}/disable`);
    expect(refusalOf(await grant())).toBe('409 USER_DISABLED');
    await asOperator('POST', `${USER}/enable`);
    expect(refusalOf(await grant({}, '/projects/acme/users/nobody'))).toBe('404 USER_UNKNOWN');
    expect(refusalOf(await grant({}, '/projects/nowhere/users/bob'))).toBe('404 ADMIN_PROJECT_UNKNOWN');
    await asOperator('POST', '/projects/ptdev/disable');
    expect(refusalOf(await grant({}, '/projects/ptdev/users/ptdev'))).toBe('409 USER_DISABLED');
    await asOperator('POST', '/projects/ptdev/enable');
    expect((await grant({}, '/projects/ptdev/users/ptdev')).status).toBe(201);
  });

  it.each([
    [{ ip: 'localhost' }, 'ip must be an IP address'],
    [{ ip: '192.0.2.10, 192.0.2.11' }, 'ip must be an IP address'],
    [{ clientId: '' }, 'clientId must be 1 to 64 characters without control characters'],
    [{ userAgent: 'a\nb' }, 'userAgent must be 0 to 1024 characters without control characters'],
    [{ password: 'x' }, 'password is not a field of this call'],
  ])('%j is not valid: %s', async (body, message) => {
    const answer: Answer = await grant(body);
    expect([refusalOf(answer), answer.body.message]).toEqual(['400 PARAMETER_INVALID', message]);
  });

  it('is for the operator alone', async () => {
    await test.sql(`UPDATE bo_user SET developer = 1 WHERE owner_id = 'acme' AND user_id = 'bob'`);
    const { accessToken } = data(await login('acme', 'bob', 'bob-password'));
    for (const bearer of [accessToken, undefined]) {
      const url = `/admin${USER}/grants`;
      const answer = await call(test, { method: 'POST', url, bearer, payload: {} });
      expect(refusalOf(answer)).toBe(bearer ? '403 ADMIN_FORBIDDEN' : '401 ACCESS_TOKEN_REFUSED');
    }
  });
});
