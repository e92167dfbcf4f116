import { createHmac, randomUUID } from 'node:crypto';
import type { Page } from '../../src/response/page.js';
import type { ProjectView } from '../../src/admin/project/project-view.js';
import {
  prepareProfile,
  type VerificationProfile,
} from '../../src/tenancy/verification/verification-profile.js';
import { sealXverifyApi } from '../../src/tenancy/verification/xverify-api.js';
import { chineseText } from '../../src/response/error/error-text-zh.js';
import { call, encryptByDES } from '../support/app.js';
import { ECB, seal as sealedByClient } from '../tenancy/sealed-values.js';
import {
  OPERATOR,
  test,
  asOperator,
  data,
  fresh,
  login,
  newProject,
  seal,
  loginTo,
  startAdministration,
} from './administration.js';

startAdministration();

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

  it('gives a project hmac-sha256 with a required stamp, unless a cipher is named', async () => {
    const add = async (more: object) =>
      data(await asOperator<ProjectView>('POST', '/projects', { ownerId: fresh('p'), name: 'P', ...more }));
    const project = await add({});
    expect(project).toMatchObject({ verifyCipher: 'hmac-sha256', verifyStampRequired: true });
    expect(await add({ verifyStampRequired: false })).toMatchObject({ verifyStampRequired: false });
    for (const verifyCipher of ['des-ecb', 'hmac-sha256'])
      expect(await add({ verifyCipher })).toMatchObject({ verifyCipher, verifyStampRequired: false });

    const refusal = async (text: string) => {
      const mac = createHmac('sha256', project.verifyKey).update(text).digest('base64');
      const answer = await login(project.ownerId, 'nobody', 'x', `${text}.${mac}`);
      return answer.body.error.errorCode;
    };
    expect(await refusal(`${randomUUID()}|${test.clock.now()}`)).toBe('CREDENTIALS_REFUSED');
    expect(await refusal(randomUUID())).toBe('VERIFY_API_REFUSED');
  });

  it('refuses a second project of the same name', async () => {
    const again = await asOperator('POST', '/projects', { ownerId: 'acme', name: 'Again' });
    expect([again.status, again.body.error.errorCode]).toEqual([409, 'PROJECT_EXISTS']);
  });

  it.each([
    [{ verifyKey: '\u0001'.repeat(8) }, /verifyKey/],
    [{ verifyCipher: 'des-ecb', verifyKey: '        ' }, null],
    [{ verifyCipher: 'rot13' }, /verifyCipher must be one of des-ecb, .*, hmac-sha256/],
    [{ verifyCipher: 'des-ecb', verifyKey: 'hex:12' }, /key has 1 bytes, not 8\./],
    [{ verifyCipher: 'des-ede3-cbc', verifyIv: 'base64:~' }, /neither hex after hex: nor Base64/],
    [{ language: 'fr' }, /language must be one of en, zh/],
    [{ verifyPadding: 'spaces' }, /verifyPadding must be one of pkcs7, zeros/],
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
      language: 'zh',
      maxSessions: null,
    });
    expect(data(changed).statusMode).toBe('always200');
    expect(await ask()).toMatchObject({ status: 200, body: { message: chineseText.ACCESS_TOKEN_REFUSED } });
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
      padding: 'pkcs7',
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

  it('opens what clients make with bytes as key and IV, triple DES and zero padding', async () => {
    const bytes = {
      cipher: 'des-ede3-cbc',
      key: `hex:${'0123456789abcdef'.repeat(2)}`,
      iv: 'hex:1234567890abcdef',
    };
    const project = await newProject({
      verifyCipher: bytes.cipher,
      verifyKey: bytes.key,
      verifyIv: bytes.iv,
      verifyPadding: 'zeros',
    });
    expect(project).toMatchObject({ verifyKey: bytes.key, verifyIv: bytes.iv, verifyPadding: 'zeros' });
    const sealed = (profile: object) =>
      sealedByClient({ ...ECB, ...bytes, padding: 'zeros', ...profile } as VerificationProfile, randomUUID());
    const ask = async (verify: string) =>
      (await call(test, { url: '/auth/user', owner: project.ownerId, verify })).body.error.errorCode;
    expect(await ask(sealed({}))).toBe('ACCESS_TOKEN_REFUSED');
    expect(await ask(sealed({ iv: 'hex:0000000000000000' }))).toBe('VERIFY_API_REFUSED');

    // The padding belongs to the key: the previous key keeps its own.
    const after = data(
      await asOperator<ProjectView>('POST', `/projects/${project.ownerId}/verify-key`, {
        verifyCipher: 'des-ecb',
        verifyPadding: 'pkcs7',
      }),
    );
    expect(await ask(sealed({}))).toBe('ACCESS_TOKEN_REFUSED');
    const renewed = { cipher: 'des-ecb', key: after.verifyKey, iv: null };
    expect(await ask(sealed({ ...renewed, padding: 'pkcs7' }))).toBe('ACCESS_TOKEN_REFUSED');
    expect(await ask(sealed(renewed))).toBe('VERIFY_API_REFUSED');
    await asOperator('PATCH', `/projects/${project.ownerId}`, { verifyPadding: 'zeros' });
    expect(await ask(sealed(renewed))).toBe('ACCESS_TOKEN_REFUSED');
  });

  it.each([
    ['des-cbc', 8],
    ['des-ede3-ecb', 24],
    ['des-ede3-cbc', 24],
  ])('makes a random key and IV for %s', async (verifyCipher, length) => {
    const project = await newProject({ verifyCipher });
    expect(project.verifyKey).toHaveLength(length);
    expect(project.verifyIv?.length ?? 0).toBe(verifyCipher.endsWith('cbc') ? 8 : 0);
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
    const bearer = data(await login('acme', 'bob', 'bob-password')).accessToken;
    const ask = async () =>
      (await call(test, { url: '/auth/user', bearer, headers: { XsysId: sysId } })).body.error.errorCode;
    expect(await ask()).toBe('SYSTEM_UNKNOWN');
    const added = await asOperator('POST', '/projects/acme/systems', { sysId, name: '系统' });
    expect([added.status, added.body.data]).toEqual([201, { sysId, name: '系统' }]);
    expect(await ask()).toBeNull();
    const again = await asOperator('POST', '/projects/acme/systems', { sysId, name: 'again' });
    expect(again.body.error.errorCode).toBe('SYSTEM_EXISTS');
    expect((await asOperator('DELETE', `/projects/acme/systems/${sysId}`)).body.data).toEqual({ removed: 1 });
    expect(await ask()).toBe('SYSTEM_UNKNOWN');
  });
});
