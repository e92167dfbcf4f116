import type { Page } from '../../src/response/page.js';
import type { ProjectView } from '../../src/admin/project/project-view.js';
import { type Call, call } from '../support/app.js';
import {
  OPERATOR,
  sha256,
  test,
  asOperator,
  login,
  data,
  newProject,
  seal,
  loginTo,
  startAdministration,
} from './administration.js';

startAdministration();

describe('who may administer', () => {
  const routes: [Call['method'], string][] = [
    ['GET', '/admin/projects'],
    ['POST', '/admin/projects'],
    ['GET', '/admin/projects/acme'],
    ['PATCH', '/admin/projects/acme'],
    ['POST', '/admin/projects/acme/disable'],
    ['POST', '/admin/projects/acme/enable'],
    ['POST', '/admin/projects/acme/verify-key'],
    ['GET', '/admin/projects/acme/signing-keys'],
    ['POST', '/admin/projects/acme/signing-keys'],
    ['POST', '/admin/projects/acme/signing-keys/a-kid/promote'],
    ['POST', '/admin/projects/acme/signing-keys/a-kid/demote'],
    ['POST', '/admin/projects/acme/signing-keys/a-kid/retire'],
    ['GET', '/admin/projects/acme/systems'],
    ['POST', '/admin/projects/acme/systems'],
    ['DELETE', '/admin/projects/acme/systems/crm'],
    ['GET', '/admin/projects/acme/users'],
    ['POST', '/admin/projects/acme/users'],
    ['GET', '/admin/projects/acme/users/alice'],
    ['PATCH', '/admin/projects/acme/users/alice'],
    ['POST', '/admin/projects/acme/users/alice/disable'],
    ['POST', '/admin/projects/acme/users/alice/enable'],
    ['PUT', '/admin/projects/acme/users/alice/password'],
    ['GET', '/admin/projects/acme/users/alice/sessions'],
    ['DELETE', '/admin/projects/acme/users/alice/sessions'],
    ['DELETE', '/admin/projects/acme/users/alice/sessions/0123456789abcdef'],
    ['POST', '/admin/projects/acme/sessions'],
    ['GET', '/admin/projects/acme/events'],
    ['GET', '/admin/events'],
    ['GET', '/admin/areas'],
    ['POST', '/admin/areas'],
  ];

  it.each(routes)('%s %s: nobody, a wrong token and a plain user are refused', async (method, url) => {
    const alice = data(await login('acme', 'alice', 'alice-password'));
    for (const [bearer, status, errorCode] of [
      [undefined, 401, 'ACCESS_TOKEN_REFUSED'],
      ['not-the-operator', 401, 'ACCESS_TOKEN_REFUSED'],
      [sha256(OPERATOR), 401, 'ACCESS_TOKEN_REFUSED'],
      [alice.accessToken, 403, 'ADMIN_FORBIDDEN'],
    ] as const) {
      const answer = await call(test, { method, url, bearer, payload: method === 'GET' ? undefined : {} });
      expect([answer.status, answer.body.error.errorCode]).toEqual([status, errorCode]);
    }
  });

  it.each(routes)('%s %s: the tenant headers are asked of the operator too', async (method, url) => {
    const payload = method === 'GET' ? undefined : {};
    const unsealed = await call(test, { method, url, bearer: OPERATOR, verify: null, payload });
    expect(unsealed.body.error.errorCode).toBe('VERIFY_API_REFUSED');
    const nowhere = await call(test, { method, url, bearer: OPERATOR, owner: 'nowhere', payload });
    expect(nowhere.body.error.errorCode).toBe('PROJECT_UNKNOWN');
  });

  it('lets developers administer their own project and no other', async () => {
    const dev = data(await login('ptdev', 'dev', 'dev-password'));
    const asDev = <T>(method: Call['method'], url: string, payload?: object) =>
      call<T>(test, { method, url: `/admin${url}`, owner: 'ptdev', bearer: dev.accessToken, payload });

    expect(data(await asDev<Page<ProjectView>>('GET', '/projects')).items.map((p) => p.ownerId)).toEqual([
      'ptdev',
    ]);
    expect(
      data(await asDev<ProjectView>('PATCH', '/projects/ptdev', { graceSeconds: 45 })).graceSeconds,
    ).toBe(45);
    for (const [method, url, payload] of [
      ['GET', '/projects/acme', undefined],
      ['GET', '/projects/does-not-exist', undefined],
      ['PATCH', '/projects/acme', { graceSeconds: 1 }],
      ['POST', '/projects/acme/verify-key', {}],
      ['GET', '/projects/acme/users', undefined],
      ['GET', '/projects/acme/users/alice', undefined],
      ['POST', '/projects/acme/users/alice/disable', {}],
      ['PUT', '/projects/acme/users/alice/password', { password: 'a-new-password' }],
      ['DELETE', '/projects/acme/users/alice/sessions', undefined],
      ['GET', '/projects/acme/users/alice/sessions', undefined],
      ['DELETE', '/projects/acme/systems/crm', undefined],
      ['GET', '/projects/acme/signing-keys', undefined],
      ['POST', '/projects/acme/signing-keys', {}],
      ['POST', '/projects/acme/signing-keys/a-kid/promote', { force: true }],
      ['POST', '/projects/acme/signing-keys/a-kid/demote', {}],
      ['POST', '/projects/acme/signing-keys/a-kid/retire', { force: true }],
      ['POST', '/projects/acme/systems', { sysId: 'x', name: 'x' }],
      ['POST', '/projects/acme/sessions', { items: [{}] }],
      ['GET', '/projects/acme/events', undefined],
      ['GET', '/events', undefined],
      ['POST', '/projects', { ownerId: 'dev-made', name: 'x' }],
      ['POST', '/projects/ptdev/disable', {}],
      ['POST', '/areas', { items: [{ areaCode: '120000', name: 'x' }] }],
    ] as const) {
      const answer = await asDev(method, url, payload);
      expect([url, answer.status, answer.body.error.errorCode]).toEqual([url, 403, 'ADMIN_FORBIDDEN']);
    }
    // The developer's token is refused under another project's headers.
    const foreign = await call(test, { url: '/admin/projects', owner: 'acme', bearer: dev.accessToken });
    expect(foreign.status).toBe(401);
  });

  it('asks the row, not the token, whether someone is a developer', async () => {
    const project = await newProject();
    const users = `/projects/${project.ownerId}/users`;
    await asOperator('POST', users, { userId: 'd', userName: 'd', password: 'd-password', developer: 1 });
    const signIn = await loginTo(project, 'd', 'd-password');
    const bearer = data(signIn).accessToken;
    const ask = () =>
      call(test, { url: '/admin/projects', owner: project.ownerId, verify: seal(project), bearer });
    expect((await ask()).status).toBe(200);
    expect((await asOperator('PATCH', `${users}/d`, { developer: 0 })).status).toBe(200);
    expect((await ask()).status).toBe(403);
  });
});
