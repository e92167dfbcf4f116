import * as jose from 'jose';
import { createHash, randomUUID } from 'node:crypto';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import type { EventView } from '../../src/admin/event/event-log.js';
import type { Page } from '../../src/admin/page.js';
import type { ProjectView } from '../../src/admin/project/project-view.js';
import type { AreaImported } from '../../src/admin/import/area-import.js';
import type { SigningKeyView } from '../../src/admin/signing-key/signing-key-view.js';
import type { SessionsImported } from '../../src/admin/import/session-import.js';
import type { UserView } from '../../src/admin/user/user-view.js';
import {
  prepareProfile,
  type VerificationProfile,
} from '../../src/tenancy/verification/verification-profile.js';
import { sealXverifyApi } from '../../src/tenancy/verification/xverify-api.js';
import {
  type Answer,
  type Call,
  call,
  claimsOf,
  encryptByDES,
  refusalOf,
  startApp,
  type TestApp,
} from '../support/app.js';

const OPERATOR = 'operator-token-of-this-test';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

let test: TestApp;

beforeAll(async () => {
  test = await startApp({ OPERATOR_TOKEN_HASH: sha256(OPERATOR) });
});
afterAll(() => test.close());

/** As the operator, through the project `acme`. */
const asOperator = <T = unknown>(method: Call['method'], url: string, payload?: object): Promise<Answer<T>> =>
  call<T>(test, { method, url: `/admin${url}`, bearer: OPERATOR, payload });

async function login(
  owner: string,
  userName: string,
  password: string,
  verify?: string,
): Promise<Answer<TokenGrant>> {
  return call<TokenGrant>(test, {
    method: 'POST',
    url: '/auth/token',
    owner,
    verify,
    payload: { userName, password },
  });
}

const data = <T>(answer: Answer<T>): T => {
  if (answer.body.data === null) throw new Error(answer.text);
  return answer.body.data;
};

/** A fresh name, so that no test depends on another. */
const fresh = (prefix: string) => `${prefix}-${randomUUID().slice(0, 8)}`;

async function newProject(more: object = {}): Promise<ProjectView> {
  const made = await asOperator<ProjectView>('POST', '/projects', {
    ownerId: fresh('p'),
    name: 'A project',
    ...more,
  });
  expect(made.status).toBe(201);
  return data(made);
}

const seal = (project: ProjectView) => encryptByDES(`${randomUUID()}|${test.clock.now()}`, project.verifyKey);

const loginTo = (project: ProjectView, userName: string, password: string) =>
  login(project.ownerId, userName, password, seal(project));

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

  it('lets a developer administer his own project and no other', async () => {
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
    // His token is worth nothing under another project's headers.
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

describe('projects', () => {
  it('makes a project that works at once, tells its key once, and never again', async () => {
    const project = await newProject({ refreshPolicy: 'reuse' });
    expect(project.verifyKey).toMatch(/^[02468BDFHJLNPRTVXZbdfhjlnprtvxz]{8}$/);
    await asOperator('POST', `/projects/${project.ownerId}/users`, {
      userId: 'u',
      userName: '用户',
      password: 'long enough',
    });
    const answer = await loginTo(project, '用户', 'long enough');
    expect(answer.status).toBe(200);

    const shown = data(await asOperator<ProjectView>('GET', `/projects/${project.ownerId}`));
    expect(shown).toEqual({ ...project, verifyKey: '********' });
    const everything = await asOperator('GET', '/projects?limit=200');
    const trail = await asOperator('GET', '/events?limit=200');
    for (const text of [everything.text, trail.text, test.log.join('\n')]) {
      expect(text).not.toContain(project.verifyKey);
      expect(text).not.toContain('long enough');
      expect(text).not.toContain('$argon2id$');
      expect(text).not.toContain(OPERATOR);
    }
  });

  it('refuses a second project of the same name', async () => {
    const again = await asOperator('POST', '/projects', { ownerId: 'acme', name: 'Again' });
    expect([again.status, again.body.error.errorCode]).toEqual([409, 'PROJECT_EXISTS']);
  });

  it.each([
    [{ verifyKey: '\u0001'.repeat(8) }, /verifyKey/],
    [{ verifyCipher: 'des-ecb', verifyKey: '        ' }, null],
    [{ verifyCipher: 'rot13' }, /verifyCipher must be one of des-ecb, des-cbc, hmac-sha256/],
    [{ verifyCipher: 'hmac-sha256', verifyKey: 'short' }, /fewer than 16 bytes/],
    [{ verifyCipher: 'des-ecb', verifyIv: '12345678' }, /takes no initialisation vector/],
    [{ verifySkewSeconds: 0 }, /verifySkewSeconds/],
    [{ timeZone: 'Asia/Atlantis' }, /time zone/],
    [{ graceSeconds: 301 }, /graceSeconds must be a whole number from 0 to 300/],
    [{ graceSeconds: -1 }, /graceSeconds/],
    [{ graceSeconds: 1.5 }, /graceSeconds/],
    [{ graceSeconds: '60' }, /graceSeconds/],
    [{ maxSessions: 0 }, /maxSessions/],
    [{ accessTokenSeconds: 0 }, /accessTokenSeconds/],
    [{ absoluteSeconds: 60, idleSeconds: 61, accessTokenSeconds: 10 }, /idleSeconds must not be more/],
    [{ absoluteSeconds: 60, idleSeconds: null, accessTokenSeconds: 600 }, /accessTokenSeconds must not/],
    [{ statusMode: 'sometimes' }, /statusMode/],
    [{ lostResponse: 'maybe' }, /lostResponse/],
    [{ refreshPolicy: 'burn' }, /refreshPolicy/],
    [{ ownerId: 'with space' }, /ownerId/],
    [{ ownerId: 'ａcme' }, /ownerId/],
    [{ name: '' }, /name/],
    [{ name: 'a\nb' }, /name/],
    [{ graceSecond: 5 }, /graceSecond is not a field of this call/],
    [{ status: 'disabled' }, /status is not a field of this call/],
  ])('judges %j', async (input, rule) => {
    const answer = await asOperator('POST', '/projects', { ownerId: fresh('bad'), name: 'Bad', ...input });
    if (rule === null) {
      expect(answer.status).toBe(201);
      return;
    }
    expect([answer.status, answer.body.error.errorCode]).toEqual([400, 'PARAMETER_INVALID']);
    expect(answer.body.message).toMatch(rule);
  });

  it.each(['\0', '\u0001', '\u001f\u001f\u001f\u001f\u000e\u000e\u000e\u000e', 'a\tb'])(
    'refuses what is a weak key of DES, or cannot be typed: %j',
    async (text) => {
      const { ownerId } = await newProject();
      const answer = await asOperator('POST', `/projects/${ownerId}/verify-key`, {
        verifyKey: text.repeat(8).slice(0, 8),
      });
      expect(answer.body.error.errorCode).toBe('PARAMETER_INVALID');
    },
  );

  it('changes settings, which count from the next request on', async () => {
    const project = await newProject();
    const ask = () => call(test, { url: '/auth/user', owner: project.ownerId, verify: seal(project) });
    expect((await ask()).status).toBe(401);
    const changed = await asOperator<ProjectView>('PATCH', `/projects/${project.ownerId}`, {
      statusMode: 'always200',
      maxSessions: null,
    });
    expect(data(changed).statusMode).toBe('always200');
    expect((await ask()).status).toBe(200);
    const [row] = await test.sql<{ detail: string; kind: string }>(
      `SELECT kind, detail FROM bo_auth_event WHERE owner_id = $1 ORDER BY id DESC LIMIT 1`,
      project.ownerId,
    );
    expect(row?.kind).toBe('project-changed');
    expect(JSON.parse(row?.detail ?? '')).toMatchObject({ by: 'operator', statusMode: 'http → always200' });
  });

  it('judges a change together with what stays', async () => {
    const { ownerId } = await newProject({ absoluteSeconds: 7200, idleSeconds: 3600 });
    const answer = await asOperator('PATCH', `/projects/${ownerId}`, { absoluteSeconds: 1800 });
    expect(answer.status).toBe(400);
    expect(data(await asOperator<ProjectView>('GET', `/projects/${ownerId}`)).absoluteSeconds).toBe(7200);
    expect((await asOperator('PATCH', `/projects/${ownerId}`, {})).body.message).toBe(
      'body must hold at least one field',
    );
  });

  it('loses no change to another at the same time', async () => {
    const { ownerId } = await newProject();
    await Promise.all([
      asOperator('PATCH', `/projects/${ownerId}`, { graceSeconds: 11 }),
      asOperator('PATCH', `/projects/${ownerId}`, { maxSessions: 12 }),
      asOperator('PATCH', `/projects/${ownerId}`, { accessTokenSeconds: 13 }),
      asOperator('PATCH', `/projects/${ownerId}`, { idleSeconds: null }),
    ]);
    expect(data(await asOperator<ProjectView>('GET', `/projects/${ownerId}`))).toMatchObject({
      graceSeconds: 11,
      maxSessions: 12,
      accessTokenSeconds: 13,
      idleSeconds: null,
    });
  });

  it('answers nobody while it is disabled, and everybody again afterwards', async () => {
    const project = await newProject();
    const ask = async () =>
      (await call(test, { url: '/auth/user', owner: project.ownerId, verify: seal(project) })).body.error;
    expect((await ask()).errorCode).toBe('ACCESS_TOKEN_REFUSED');
    expect(data(await asOperator<ProjectView>('POST', `/projects/${project.ownerId}/disable`)).status).toBe(
      'disabled',
    );
    expect((await ask()).errorCode).toBe('PROJECT_UNKNOWN');
    await asOperator('POST', `/projects/${project.ownerId}/enable`);
    expect((await ask()).errorCode).toBe('ACCESS_TOKEN_REFUSED');
  });

  it('accepts the key before the last for as long as it was told, and no longer', async () => {
    const project = await newProject();
    const changed = await asOperator<ProjectView>('POST', `/projects/${project.ownerId}/verify-key`, {
      verifyCipher: 'hmac-sha256',
      overlapSeconds: 60,
    });
    const after = data(changed);
    expect(after.verifyKey).not.toBe(project.verifyKey);
    const profile: VerificationProfile = {
      cipher: 'hmac-sha256',
      key: after.verifyKey,
      iv: null,
      encoding: 'base64',
      skewSeconds: 300,
      stampRequired: false,
      timeZone: 'UTC',
    };
    const ask = async (verify: string) =>
      (await call(test, { url: '/auth/user', owner: project.ownerId, verify })).body.error.errorCode;
    const newSeal = () => sealXverifyApi(prepareProfile(profile), randomUUID(), test.clock.now());
    expect(await ask(newSeal())).toBe('ACCESS_TOKEN_REFUSED');
    expect(await ask(seal(project))).toBe('ACCESS_TOKEN_REFUSED');
    // The replay memory spans both keys.
    const once = encryptByDES(randomUUID(), project.verifyKey);
    await ask(once);
    const elsewhere = await call(test, { url: '/auth/sessions', owner: project.ownerId, verify: once });
    expect(elsewhere.body.error.errorCode).toBe('VERIFY_API_REFUSED');
    test.clock.advance(60_000);
    expect(await ask(seal(project))).toBe('VERIFY_API_REFUSED');
    expect(await ask(newSeal())).toBe('ACCESS_TOKEN_REFUSED');
    const shown = data(await asOperator<ProjectView>('GET', `/projects/${project.ownerId}`));
    expect(shown.verifyPreviousUntil).toBeNull();
  });

  it('pages through all of them, in order and once each', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => newProject()));
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const url: string = `/projects?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page = data(await asOperator<Page<ProjectView>>('GET', url));
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ ownerId }) => ownerId));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([...new Set(seen)].toSorted());
    expect(seen).toEqual(expect.arrayContaining(made.map(({ ownerId }) => ownerId)));
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=-1',
    'limit=1.5',
    'limit=x',
    'limit=1&limit=2',
    'cursor=',
    'cursor=%00',
    'cursor=nonsense',
    `cursor=${Buffer.from('["users acme","alice"]').toString('base64url')}`,
    `cursor=${Buffer.from('["projects",{"x":1}]').toString('base64url')}`,
    `cursor=${Buffer.from('{"__proto__":[]}').toString('base64url')}`,
    `cursor=${'A'.repeat(600)}`,
  ])('refuses the page %s', async (query) => {
    const answer = await asOperator('GET', `/projects?${query}`);
    expect([answer.status, answer.body.error.errorCode]).toEqual([400, 'PARAMETER_INVALID']);
  });

  it('knows what it does not have', async () => {
    for (const [method, url, payload, errorCode] of [
      ['GET', '/projects/nowhere', undefined, 'ADMIN_PROJECT_UNKNOWN'],
      ['PATCH', '/projects/nowhere', { graceSeconds: 1 }, 'ADMIN_PROJECT_UNKNOWN'],
      ['POST', '/projects/nowhere/disable', {}, 'ADMIN_PROJECT_UNKNOWN'],
      ['POST', '/projects/nowhere/verify-key', {}, 'ADMIN_PROJECT_UNKNOWN'],
      ['GET', '/projects/nowhere/users', undefined, 'ADMIN_PROJECT_UNKNOWN'],
      ['POST', '/projects/nowhere/systems', { sysId: 's', name: 's' }, 'ADMIN_PROJECT_UNKNOWN'],
      ['POST', '/projects/nowhere/users', { userId: 'u', userName: 'u' }, 'ADMIN_PROJECT_UNKNOWN'],
      ['POST', '/projects/nowhere/sessions', { items: [{}] }, 'ADMIN_PROJECT_UNKNOWN'],
      ['GET', '/projects/acme/users/nobody', undefined, 'USER_UNKNOWN'],
      ['PATCH', '/projects/acme/users/nobody', { telephone: '1' }, 'USER_UNKNOWN'],
      ['POST', '/projects/acme/users/nobody/disable', {}, 'USER_UNKNOWN'],
      ['PUT', '/projects/acme/users/nobody/password', { password: 'a-new-password' }, 'USER_UNKNOWN'],
      ['GET', '/projects/acme/users/nobody/sessions', undefined, 'USER_UNKNOWN'],
      ['DELETE', '/projects/acme/users/nobody/sessions', undefined, 'USER_UNKNOWN'],
      ['DELETE', '/projects/acme/systems/nothing', undefined, 'ADMIN_SYSTEM_UNKNOWN'],
      ['DELETE', '/projects/acme/users/bob/sessions/0123456789abcdef', undefined, 'SESSION_UNKNOWN'],
    ] as const) {
      const answer = await asOperator(method, url, payload);
      expect([url, answer.status, answer.body.error.errorCode]).toEqual([url, 404, errorCode]);
    }
  });
});

describe('systems', () => {
  it('adds and removes them, which XsysId notices at once', async () => {
    const sysId = fresh('sys');
    const ask = async () =>
      (await call(test, { url: '/auth/user', headers: { XsysId: sysId } })).body.error.errorCode;
    expect(await ask()).toBe('SYSTEM_UNKNOWN');
    const added = await asOperator('POST', '/projects/acme/systems', { sysId, name: '系统' });
    expect([added.status, added.body.data]).toEqual([201, { sysId, name: '系统' }]);
    expect(await ask()).toBe('ACCESS_TOKEN_REFUSED');
    const again = await asOperator('POST', '/projects/acme/systems', { sysId, name: 'again' });
    expect(again.body.error.errorCode).toBe('SYSTEM_EXISTS');
    expect((await asOperator('DELETE', `/projects/acme/systems/${sysId}`)).body.data).toEqual({ removed: 1 });
    expect(await ask()).toBe('SYSTEM_UNKNOWN');
  });
});

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
      expect(answer.text).not.toMatch(/argon2|password/i);
  });

  it('makes a user who can sign in, with what his token says', async () => {
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

  it.each(['m=131073,t=1,p=1', 'm=4096,t=11,p=1', 'm=4096,t=1,p=9', 'm=15,t=1,p=2', 'm=4096,t=0,p=1'])(
    'takes no hash over whose parameters (%s) others would have to wait, or argon2 refuse',
    async (parameters) => {
      const passwordHash = `$argon2id$v=19$${parameters}$c29tZXNhbHQxMjM0NTY$${'A'.repeat(43)}`;
      const userId = fresh('u');
      const answer = await asOperator('POST', users, { userId, userName: userId, passwordHash });
      expect([answer.status, answer.body.error.errorCode]).toEqual([400, 'PARAMETER_INVALID']);
    },
  );

  it('keeps a hash at the limits', async () => {
    const passwordHash = `$argon2id$v=19$m=131072,t=10,p=8$c29tZXNhbHQxMjM0NTY$${'A'.repeat(43)}`;
    const userId = fresh('u');
    expect((await asOperator('POST', users, { userId, userName: userId, passwordHash })).status).toBe(201);
  });

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

  it('ends everything of a user who is disabled, and lets him sign in anew afterwards', async () => {
    const user = await newUser();
    const grant = data(await login('acme', user.userName, user.password));
    const me = () => call(test, { url: '/auth/user', bearer: grant.accessToken });
    const refresh = () => call(test, { url: `/auth/token/refresh?refreshToken=${grant.refreshToken}` });
    expect((await me()).status).toBe(200);
    const disabled = await asOperator<UserView>('POST', `${users}/${user.userId}/disable`);
    expect(data(disabled).status).toBe('disabled');
    expect([(await me()).status, (await refresh()).status]).toEqual([401, 401]);
    expect((await login('acme', user.userName, user.password)).status).toBe(401);
    await asOperator('POST', `${users}/${user.userId}/enable`);
    expect([(await me()).status, (await refresh()).status]).toEqual([401, 401]);
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
    expect((await call(test, { url: '/auth/user', bearer: first.accessToken })).status).toBe(401);
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
    const alive = async (grant: TokenGrant) =>
      (await call(test, { url: '/auth/user', bearer: grant.accessToken })).status;
    expect([await alive(one), await alive(two)]).toEqual(expect.arrayContaining([200, 401]));
    expect((await asOperator('DELETE', sessions)).body.data).toEqual({ ended: 1 });
    expect([await alive(one), await alive(two)]).toEqual([401, 401]);
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
    // That ended all his sessions for good.
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

  it('finds a user by the name he signs in with', async () => {
    const page = data(await asOperator<Page<UserView>>('GET', `${users}?userName=bob`));
    expect(page.items.map(({ userId }) => userId)).toEqual(['bob']);
  });
});

describe('signing keys', () => {
  it('are rotated step by step, each audited, and a step too early is told from when on it is none', async () => {
    const project = await newProject();
    const keys = `/projects/${project.ownerId}/signing-keys`;
    const refusal = ({ status, body }: Answer) => `${status} ${body.error.errorCode}`;
    const step = (kid: string, name: string, payload: object = {}) =>
      asOperator<SigningKeyView>('POST', `${keys}/${kid}/${name}`, payload);
    await asOperator('POST', `/projects/${project.ownerId}/users`, {
      userId: 'u',
      userName: 'u',
      password: 'u-password',
    });
    const signedBy = async () => {
      const answer = await loginTo(project, 'u', 'u-password');
      return jose.decodeProtectedHeader(data(answer).accessToken).kid;
    };
    const hs256 = await signedBy();

    const made = await asOperator<SigningKeyView>('POST', keys, { algorithm: 'RS256' });
    expect([made.status, data(made)]).toMatchObject([201, { algorithm: 'RS256', status: 'published' }]);
    expect(made.text).not.toMatch(/private|"[dpqn]"/);
    const first = data(made);
    const early = await step(first.kid, 'promote');
    expect(refusal(early)).toBe('409 SIGNING_KEY_TOO_EARLY');
    expect(early.body.message).toContain(`Not before ${first.promotableAt}`);
    expect(await signedBy()).toBe(hs256);
    expect(data(await step(first.kid, 'promote', { force: true })).status).toBe('signing');
    expect(await signedBy()).toBe(first.kid);
    expect(refusal(await step(first.kid, 'promote'))).toBe('409 SIGNING_KEY_CONFLICT');
    expect(refusal(await step(first.kid, 'retire', { force: true }))).toBe('409 SIGNING_KEY_CONFLICT');

    const { kid } = data(await asOperator<SigningKeyView>('POST', keys, {}));
    expect(refusal(await step(kid, 'demote'))).toBe('409 SIGNING_KEY_CONFLICT');
    await step(kid, 'promote', { force: true });
    const retirableAt = data(await asOperator<{ items: SigningKeyView[] }>('GET', keys)).items[0]
      ?.retirableAt;
    const living = await step(first.kid, 'retire');
    expect([refusal(living), living.body.message]).toEqual([
      '409 SIGNING_KEY_TOO_EARLY',
      expect.stringContaining(`Not before ${retirableAt}`),
    ]);
    expect(data(await step(first.kid, 'retire', { force: true })).retiredAt).not.toBeNull();
    expect(refusal(await step(first.kid, 'retire'))).toBe('409 SIGNING_KEY_CONFLICT');
    expect(data(await step(kid, 'demote')).status).toBe('published');
    expect(await signedBy()).toBe(hs256);

    const listed = data(await asOperator<{ items: SigningKeyView[] }>('GET', keys)).items;
    expect(listed.map((key) => [key.kid, key.algorithm, key.status])).toEqual([
      [first.kid, 'RS256', 'retired'],
      [kid, 'ES256', 'published'],
    ]);
    const trail = await asOperator<Page<EventView>>('GET', `/projects/${project.ownerId}/events`);
    const events = data(trail).items.filter((event) => event.kind.startsWith('signing-key'));
    expect(
      events.toReversed().map((event) => [event.kind, event.detail['kid'], event.detail['force']]),
    ).toEqual([
      ['signing-key-published', first.kid, undefined],
      ['signing-key-promoted', first.kid, 'true'],
      ['signing-key-published', kid, undefined],
      ['signing-key-promoted', kid, 'true'],
      ['signing-key-retired', first.kid, 'true'],
      ['signing-key-demoted', kid, undefined],
    ]);
    expect(events.every(({ detail }) => detail['by'] === 'operator')).toBe(true);
  });

  it('that are not there, and input that is none, are refused', async () => {
    for (const [method, url, payload, expected] of [
      ['GET', '/projects/nowhere/signing-keys', undefined, '404 ADMIN_PROJECT_UNKNOWN'],
      ['POST', '/projects/nowhere/signing-keys', {}, '404 ADMIN_PROJECT_UNKNOWN'],
      ['POST', '/projects/acme/signing-keys/none/promote', {}, '404 SIGNING_KEY_UNKNOWN'],
      ['POST', '/projects/acme/signing-keys/none/demote', {}, '404 SIGNING_KEY_UNKNOWN'],
      ['POST', '/projects/acme/signing-keys/none/retire', { force: true }, '404 SIGNING_KEY_UNKNOWN'],
      ['POST', '/projects/acme/signing-keys', { algorithm: 'HS256' }, '400 PARAMETER_INVALID'],
      ['POST', '/projects/acme/signing-keys/none/retire', { force: 'yes' }, '400 PARAMETER_INVALID'],
      ['POST', '/projects/acme/signing-keys/none/retire', { forced: true }, '400 PARAMETER_INVALID'],
    ] as const) {
      const answer = await asOperator(method, url, payload);
      expect([url, `${answer.status} ${answer.body.error.errorCode}`]).toEqual([url, expected]);
    }
  });
});

describe('areas', () => {
  const post = (items: unknown[], strict = false) =>
    asOperator<AreaImported>('POST', '/areas', { items, strict });
  const under = async (areaCode: string) =>
    (await call(test, { url: '/auth/user', headers: { XfilterAreaCode: areaCode } })).body.error.errorCode;

  it('derives parents from the codes, past levels that a list leaves out', async () => {
    const answer = await post([
      { areaCode: '500101', name: '万州区' },
      { areaCode: '500000', name: '重庆市' },
      { areaCode: '440300', name: '深圳市' },
      { areaCode: '440000', name: '广东省' },
      { areaCode: '440305', name: '南山区' },
      { areaCode: '440305001', name: '南头街道' },
    ]);
    expect(data(answer)).toEqual({ imported: 6, refused: [] });
    const rows = await test.sql<{ area_code: string; parent_code: string | null }>(
      `SELECT area_code, parent_code FROM bo_sys_area WHERE area_code LIKE '44%' OR area_code LIKE '50%'`,
    );
    expect(Object.fromEntries(rows.map((row) => [row.area_code, row.parent_code]))).toEqual({
      '500101': '500000',
      '500000': null,
      '440300': '440000',
      '440000': null,
      '440305': '440300',
      '440305001': '440305',
    });
    expect(await under('440305001')).toBe('ACCESS_TOKEN_REFUSED');
  });

  it('is repeatable, and a change counts at once', async () => {
    await post([{ areaCode: 'emea', name: 'EMEA', parentCode: null }]);
    await post([{ areaCode: 'de', name: 'Germany', parentCode: 'emea' }]);
    expect(data(await post([{ areaCode: 'de', name: 'Deutschland', parentCode: 'emea' }])).imported).toBe(1);
    const page = data(await asOperator<Page<{ areaCode: string; name: string }>>('GET', '/areas?limit=200'));
    expect(page.items.find(({ areaCode }) => areaCode === 'de')?.name).toBe('Deutschland');
  });

  it('tells each bad one by its place, and in strict mode writes none', async () => {
    const items = [
      { areaCode: 'x-ok', name: 'ok', parentCode: null },
      { areaCode: 'x-loop', name: 'loop', parentCode: 'x-pool' },
      { areaCode: 'x-pool', name: 'pool', parentCode: 'x-loop' },
      { areaCode: 'x-self', name: 'self', parentCode: 'x-self' },
      { areaCode: 'x-lost', name: 'lost', parentCode: 'x-nowhere' },
      { areaCode: 'x-child', name: 'child of what was refused', parentCode: 'x-lost' },
      { areaCode: 'x-free', name: 'no parent' },
      { name: 'no code' },
      'text',
      { areaCode: 'x-ok', name: 'twice', parentCode: null },
    ];
    const strict = data(await post(items, true));
    expect([strict.imported, strict.refused.length]).toEqual([0, 9]);
    expect(await under('x-ok')).toBe('AREA_UNKNOWN');
    const answer = data(await post(items));
    expect([answer.imported, answer.refused.map(({ line }) => line)]).toEqual([
      1,
      [2, 3, 4, 5, 6, 7, 8, 9, 10],
    ]);
    expect(await under('x-ok')).toBe('ACCESS_TOKEN_REFUSED');
  });
});

describe('sessions of another service', () => {
  it('go on working, and are imported once', async () => {
    const project = await newProject();
    const base = `/projects/${project.ownerId}`;
    await asOperator('POST', `${base}/users`, { userId: 'u1', userName: 'u1' });
    const now = test.clock.now();
    const items = [
      { refreshToken: 'legacy-token-1', userId: 'u1' },
      {
        refreshTokenSha256: sha256('legacy-token-2'),
        userName: 'u1',
        clientId: 'ios',
        createdAt: now - 1000,
        expiresAt: new Date(now + 3_600_000).toISOString(),
      },
      { refreshToken: 'legacy-token-3', userId: 'nobody' },
      { refreshToken: 'legacy-token-4', userId: 'u1', expiresAt: now - 1 },
      { refreshToken: 'legacy-token-5', userId: 'u1', createdAt: now + 60_000 },
      { userId: 'u1' },
      { refreshToken: 'legacy-token-7', userId: 'u1', password: 'x' },
    ];
    const first = await asOperator<SessionsImported>('POST', `${base}/sessions`, { items });
    expect(data(first)).toMatchObject({ imported: 2, existing: 0 });
    expect(data(first).refused.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7]);
    expect(first.text).not.toContain('legacy-token');
    const again = await asOperator<SessionsImported>('POST', `${base}/sessions`, {
      items: items.slice(0, 2),
    });
    expect(data(again)).toEqual({ imported: 0, existing: 2, refused: [] });

    const rows = JSON.stringify(
      await test.sql('SELECT * FROM bo_auth_session WHERE owner_id = $1', project.ownerId),
    );
    expect(rows).not.toContain('legacy-token');
    const refresh = (token: string) =>
      call<TokenGrant>(test, {
        url: `/auth/token/refresh?refreshToken=${token}`,
        owner: project.ownerId,
        verify: seal(project),
      });
    const moved = data(await refresh('legacy-token-1'));
    expect(moved.refreshToken).toMatch(/^[0-9A-Za-z]{32}$/);
    expect((await refresh(moved.refreshToken)).status).toBe(200);
    expect(data(await refresh('legacy-token-2')).clientId).toBe('ios');
    expect((await refresh('legacy-token-3')).status).toBe(401);
  });
});

describe('the audit trail', () => {
  it('has a line of every change, with who made it, newest first, page by page', async () => {
    const project = await newProject();
    const base = `/projects/${project.ownerId}`;
    await asOperator('POST', `${base}/systems`, { sysId: 's', name: 's' });
    await asOperator('DELETE', `${base}/systems/s`);
    await asOperator('POST', `${base}/users`, { userId: 'u', userName: 'u', password: 'a-password' });
    await asOperator('PATCH', `${base}/users/u`, { telephone: '+49 30 1234' });
    await asOperator('PUT', `${base}/users/u/password`, { password: 'b-password' });
    await asOperator('POST', `${base}/users/u/disable`);
    await asOperator('POST', `${base}/users/u/enable`);
    await asOperator('POST', `${base}/verify-key`, { overlapSeconds: 0 });
    await asOperator('POST', `${base}/disable`);
    await asOperator('POST', `${base}/enable`);

    const kinds: string[] = [];
    let cursor = '';
    do {
      const page = data(await asOperator<Page<EventView>>('GET', `${base}/events?limit=5${cursor}`));
      kinds.push(...page.items.map(({ kind }) => kind));
      expect(page.items.every(({ detail }) => detail['by'] === 'operator')).toBe(true);
      expect(JSON.stringify(page.items)).not.toMatch(/1234|-password"|argon2/);
      cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
    } while (cursor !== '');
    expect(kinds.toReversed()).toEqual([
      'project-added',
      'system-added',
      'system-removed',
      'user-added',
      'user-changed',
      'password-set',
      'logged-out',
      'user-disabled',
      'logged-out',
      'user-enabled',
      'verify-key-changed',
      'project-disabled',
      'project-enabled',
    ]);
    const ofUser = await asOperator<Page<EventView>>('GET', `${base}/events?userId=u&kind=password-set`);
    expect(data(ofUser).items).toHaveLength(1);
  });
});
