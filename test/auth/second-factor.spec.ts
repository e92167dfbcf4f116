import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { SqlDatabase } from '../../src/database/sql-database.js';
import { dataOf, refusalOf, startApp, type TestApp } from '../support/app.js';
import { TestDatabase } from '../support/database.js';
import { totpCode } from '../support/oathtool.js';
import { RedisServer } from '../support/redis.js';
import { temporaryFolder } from '../support/temporary.js';
import { EnrollingUser, OPERATOR_TOKEN_HASH, STEP_MS } from './enrolling-user.js';

/** How long failed logins count. */
const LOCK_MS = 600_000;
const REFUSED = '401 SECOND_FACTOR_REFUSED';
const ENV = { OPERATOR_TOKEN_HASH };
const folder = temporaryFolder();
const SQLITE = `sqlite:${folder.path}/shared.sqlite`;

let test: TestApp;
beforeAll(async () => {
  test = await startApp({ ...ENV, DATABASE_URL: SQLITE });
  // In the middle of a step, and standing: a code must not change between two calls.
  test.clock.set(Math.floor(Date.now() / STEP_MS) * STEP_MS + STEP_MS / 2);
});
afterAll(async () => {
  await test.close();
  folder.remove();
});
beforeEach(() => policy('optional'));

async function policy(value: 'off' | 'optional' | 'required', on = test): Promise<void> {
  await on.sql(`UPDATE bo_project SET second_factor = $1 WHERE owner_id = 'acme'`, value);
  on.clock.advance(STALENESS_MS + STEP_MS);
}
const nextStep = () => test.clock.advance(STEP_MS);

describe('enrolment', () => {
  it('is complete with the first code, and shows the secret and the recovery codes once', async () => {
    const user = await EnrollingUser.add(test);
    const { secret, otpauthUri } = dataOf(await user.begin());
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    const uri = new URL(otpauthUri);
    expect(uri.host).toBe('totp');
    expect(decodeURIComponent(uri.pathname)).toBe(`/Acme:${user.userId}`);
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: 'Acme',
      secret,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
    expect((await user.login()).status).toBe(200);

    const wrong = totpCode('A'.repeat(32), test.clock.now());
    expect(refusalOf(await user.confirm(wrong))).toBe(REFUSED);
    expect((await user.login()).status).toBe(200);
    const confirmed = await user.confirm(totpCode(secret, test.clock.now()));
    expect(confirmed.headers['cache-control']).toBe('no-store');
    const { recoveryCodes } = dataOf(confirmed);
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const code of recoveryCodes) expect(code).toMatch(/^([a-z2-7]{4}-){5}[a-z2-7]{4}$/);
    expect(refusalOf(await user.login())).toBe('401 SECOND_FACTOR_REQUIRED');
    expect(await user.events()).toEqual(['second-factor-enrolled']);
  });

  it('that begins again replaces the secret, and never that of an enrolled user', async () => {
    const user = await EnrollingUser.add(test);
    const first = dataOf(await user.begin());
    const second = dataOf(await user.begin());
    expect(second.secret).not.toBe(first.secret);
    const confirm = ({ secret }: { secret: string }) => user.confirm(totpCode(secret, test.clock.now()));
    expect(refusalOf(await confirm(first))).toBe(REFUSED);
    expect((await confirm(second)).status).toBe(200);
    expect(refusalOf(await user.begin())).toBe('409 SECOND_FACTOR_CONFLICT');
    expect(refusalOf(await confirm(second))).toBe('409 SECOND_FACTOR_CONFLICT');
  });

  it('takes a right password, an enrolment that has begun, and a project that uses second factors', async () => {
    const user = await EnrollingUser.add(test);
    const begin = (more: object) => user.ask('POST', '/auth/second-factor', { ...user.credentials, ...more });
    expect(refusalOf(await begin({ password: 'wrong' }))).toBe('401 CREDENTIALS_REFUSED');
    expect(refusalOf(await begin({ userName: 'nobody' }))).toBe('401 CREDENTIALS_REFUSED');
    expect(refusalOf(await begin({ password: undefined }))).toBe('400 PARAMETER_INVALID');
    expect(refusalOf(await user.confirm('123456'))).toBe('409 SECOND_FACTOR_CONFLICT');
    await policy('off');
    expect(refusalOf(await user.begin())).toBe('409 SECOND_FACTOR_CONFLICT');
    expect(refusalOf(await user.confirm('123456'))).toBe('409 SECOND_FACTOR_CONFLICT');
    expect(await user.row()).toEqual([]);
  });

  it('leaves neither secret nor code in the database files or the log', async () => {
    const user = await EnrollingUser.add(test);
    const { secret } = dataOf(await user.begin());
    const { recoveryCodes } = dataOf(await user.confirm(totpCode(secret, test.clock.now())));
    await user.login({ code: recoveryCodes[0] });
    const files = readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name), 'latin1'));
    expect(files.some((text) => text.includes(user.userId))).toBe(true);
    for (const text of [...files, ...test.log])
      for (const hidden of [secret, 'otpauth:', ...recoveryCodes]) expect(text).not.toContain(hidden);
  });
});

/** Runs a login of somebody who has as many sessions as the project allows. */
async function beyondTheLimit<T>(work: () => Promise<T>): Promise<T> {
  const limit = async (assignments: string) => {
    await test.sql(`UPDATE bo_project SET ${assignments} WHERE owner_id = 'acme'`);
    test.clock.advance(STALENESS_MS + 1);
  };
  await limit(`max_sessions = 1, when_full = 'refuse'`);
  const result = await work();
  await limit(`max_sessions = NULL, when_full = 'replace'`);
  return result;
}

describe('login with a second factor', () => {
  it('takes a code once, and none older than it', async () => {
    const user = await EnrollingUser.add(test);
    await user.enrol();
    expect(refusalOf(await user.login({ code: user.code() }))).toBe(REFUSED);
    nextStep();
    const code = user.code();
    expect((await user.login({ code: `${code.slice(0, 3)} ${code.slice(3)}` })).status).toBe(200);
    expect(refusalOf(await user.login({ code }))).toBe(REFUSED);
    expect(refusalOf(await user.login({ code: user.code(-1) }))).toBe(REFUSED);
    expect((await user.login({ code: user.code(1) })).status).toBe(200);
    expect(refusalOf(await user.login({ code: user.code() }))).toBe(REFUSED);
  });

  it('forgives a clock one step off, and no more', async () => {
    const user = await EnrollingUser.add(test);
    await user.enrol();
    for (const [drift, status] of [
      [-2, 401],
      [-1, 200],
      [2, 401],
      [1, 200],
    ] as const) {
      test.clock.advance(5 * STEP_MS);
      const answer = await user.login({ code: user.code(drift) });
      expect([drift, answer.status]).toEqual([drift, status]);
    }
  });

  it('is asked for after a right password only, and ignores a code that nobody needs', async () => {
    const user = await EnrollingUser.add(test);
    expect((await user.login({ code: '000000' })).status).toBe(200);
    await user.enrol();
    nextStep();
    for (const code of [undefined, user.code()])
      expect(refusalOf(await user.login({ password: 'wrong', code }))).toBe('401 CREDENTIALS_REFUSED');
    test.clock.advance(LOCK_MS);
    for (const code of ['1', '1234567', 'no-such-code', '１２３４５６', "'; --"])
      expect(refusalOf(await user.login({ code }))).toBe(REFUSED);
    for (const code of ['', 'x'.repeat(65), 123_456, ['123456'], null])
      expect(refusalOf(await user.login({ code }))).toBe('400 PARAMETER_INVALID');
    test.clock.advance(LOCK_MS);
    expect((await user.login({ code: user.code() })).status).toBe(200);
  });

  it('counts wrong codes as failed logins, which a right password alone does not reset', async () => {
    const user = await EnrollingUser.add(test);
    await user.enrol();
    nextStep();
    const bearer = dataOf(await user.login({ code: user.code() })).accessToken;
    const wrong = [
      () => user.login({ code: '1' }),
      () => user.remove('1', bearer),
      () => user.login({ code: 'no-such-code' }),
      () => user.login({ code: '2' }),
      () => user.login({ code: '3' }),
    ];
    for (const guess of wrong) {
      expect(refusalOf(await guess())).toBe(REFUSED);
      if (guess === wrong.at(-1)) break;
      expect(refusalOf(await user.login())).toBe('401 SECOND_FACTOR_REQUIRED');
      expect(refusalOf(await user.begin())).toBe('409 SECOND_FACTOR_CONFLICT');
    }
    nextStep();
    const locked = [
      () => user.login({ code: user.code() }),
      () => user.begin(),
      () => user.remove('1', bearer),
    ];
    for (const attempt of locked) expect(refusalOf(await attempt())).toBe('429 LOGIN_LOCKED');

    test.clock.advance(LOCK_MS);
    const enrolling = await EnrollingUser.add(test);
    await enrolling.begin();
    for (let n = 0; n < 5; n++) expect(refusalOf(await enrolling.confirm('1'))).toBe(REFUSED);
    expect(refusalOf(await enrolling.confirm('1'))).toBe('429 LOGIN_LOCKED');
  });

  it('takes each recovery code once', async () => {
    const user = await EnrollingUser.add(test);
    const [first = '', second = ''] = await user.enrol();
    expect((await user.login({ code: first.toUpperCase().replaceAll('-', ' ') })).status).toBe(200);
    expect(refusalOf(await user.login({ code: first }))).toBe(REFUSED);
    expect((await user.login({ code: second })).status).toBe(200);
    expect(await user.events()).toEqual([
      'second-factor-enrolled',
      'second-factor-recovery-code-used',
      'second-factor-recovery-code-used',
    ]);
    const [event] = await test.sql<{ detail: string }>(
      `SELECT detail FROM bo_auth_event WHERE user_id = $1 AND kind = 'second-factor-recovery-code-used' ORDER BY id DESC`,
      user.userId,
    );
    expect(JSON.parse(event?.detail ?? '')).toMatchObject({ left: 8 });
  });

  it('spends no code when the login is refused for another reason', async () => {
    const user = await EnrollingUser.add(test);
    expect((await user.login()).status).toBe(200);
    const [recovery = ''] = await user.enrol();
    await test.sql(`UPDATE bo_user SET sys_id = '["crm"]' WHERE user_id = $1`, user.userId);
    const early = await user.login({}, test, { headers: { XsysId: 'erp' } });
    expect(refusalOf(early)).toBe('401 SECOND_FACTOR_REQUIRED');
    nextStep();
    for (const code of [user.code(), recovery]) {
      const refused = [
        await user.login({ code }, test, { url: '/auth/token?_nodejs=none' }),
        await user.login({ code }, test, { headers: { XsysId: 'erp' } }),
        await beyondTheLimit(() => user.login({ code })),
      ];
      expect(refused.map(refusalOf)).toEqual([
        '400 PLUGIN_UNKNOWN',
        '403 SYSTEM_FORBIDDEN',
        '409 SESSION_LIMIT_REACHED',
      ]);
      expect((await user.login({ code })).status).toBe(200);
    }
  });

  it('reads nothing where the project uses none, also of a user who has enrolled', async () => {
    const user = await EnrollingUser.add(test);
    await user.enrol();
    await policy('off');
    const database = test.app.get(SqlDatabase, { strict: false });
    const read: string[] = [];
    const find = database.find.bind(database);
    // Shadows the method of the class.
    database.find = (select, values) => {
      read.push(select.from);
      return find(select, values);
    };
    expect((await user.login({ code: 'ignored' })).status).toBe(200);
    expect(read).not.toContain('bo_second_factor');
    delete (database as Partial<SqlDatabase>).find;
    await policy('optional');
    expect(refusalOf(await user.login())).toBe('401 SECOND_FACTOR_REQUIRED');
  });

  it('takes enrolment first where the project requires it', async () => {
    await policy('required');
    const user = await EnrollingUser.add(test);
    expect(refusalOf(await user.login())).toBe('403 SECOND_FACTOR_ENROLMENT_REQUIRED');
    expect(refusalOf(await user.login({ password: 'wrong' }))).toBe('401 CREDENTIALS_REFUSED');
    await user.enrol();
    nextStep();
    expect((await user.login({ code: user.code() })).status).toBe(200);
  });
});

describe('removal', () => {
  it('takes the user’s session and a code, which counts as used', async () => {
    const user = await EnrollingUser.add(test);
    const [recovery = ''] = await user.enrol();
    nextStep();
    const code = user.code();
    const { accessToken } = dataOf(await user.login({ code }));
    expect(refusalOf(await user.remove(recovery, 'no-token'))).toBe('401 ACCESS_TOKEN_REFUSED');
    expect(refusalOf(await user.remove(code, accessToken))).toBe(REFUSED);
    await policy('required');
    expect(refusalOf(await user.remove(recovery, accessToken))).toBe('409 SECOND_FACTOR_CONFLICT');
    await policy('optional');
    expect((await user.remove(recovery, accessToken)).body.data).toEqual({ removed: 1 });
    expect(await user.row()).toEqual([]);
    expect((await user.login()).status).toBe(200);
    expect(refusalOf(await user.remove(recovery, accessToken))).toBe('409 SECOND_FACTOR_CONFLICT');
    expect((await user.events()).at(-1)).toBe('second-factor-removed');
  });
});

describe('reset by an administrator', () => {
  const users = '/admin/projects/acme/users';

  it('removes the second factor, which the view of the user shows', async () => {
    const user = await EnrollingUser.add(test);
    const enrolled = async () =>
      (await user.ask<{ secondFactorEnrolled: boolean }>('GET', `${users}/${user.userId}`)).body.data
        ?.secondFactorEnrolled;
    const reset = async () => (await user.ask('DELETE', `${users}/${user.userId}/second-factor`)).body.data;
    await user.begin();
    expect(await enrolled()).toBe(false);
    await user.enrol();
    expect(await enrolled()).toBe(true);
    const { items } = dataOf(
      await user.ask<{ items: { userId: string; secondFactorEnrolled: boolean }[] }>('GET', users),
    );
    const shown = new Map(items.map((item) => [item.userId, item.secondFactorEnrolled]));
    expect([shown.get(user.userId), shown.get('alice')]).toEqual([true, false]);

    expect(await reset()).toEqual({ reset: true });
    expect(await enrolled()).toBe(false);
    expect((await user.login()).status).toBe(200);
    expect(await reset()).toEqual({ reset: false });
    expect(await user.events()).toEqual(['second-factor-enrolled', 'second-factor-reset']);
    const unknown = await user.ask('DELETE', `${users}/nobody/second-factor`);
    expect(refusalOf(unknown)).toBe('404 USER_UNKNOWN');
  });

  it('is for administrators of the project', async () => {
    const user = await EnrollingUser.add(test);
    const { accessToken } = dataOf(await user.login());
    const path = `/${user.userId}/second-factor`;
    const ask = (url: string) => user.ask('DELETE', url, undefined, accessToken);
    expect(refusalOf(await ask(users + path))).toBe('403 ADMIN_FORBIDDEN');
    await test.sql(`UPDATE bo_user SET developer = 1 WHERE user_id = $1`, user.userId);
    test.clock.advance(STALENESS_MS + 1);
    expect((await ask(users + path)).body.data).toEqual({ reset: false });
    expect(refusalOf(await ask(`/admin/projects/ptdev/users${path}`))).toBe('403 ADMIN_FORBIDDEN');
  });
});

describe.each(['SQLite', 'Postgres with Redis'])('two processes on one database: %s', (kind) => {
  let postgres: TestDatabase | null = null;
  let redis: RedisServer | null = null;
  let both: readonly [TestApp, TestApp];
  beforeAll(async () => {
    if (kind !== 'SQLite')
      [postgres, redis] = await Promise.all([TestDatabase.create(), RedisServer.start()]);
    const env = {
      ...ENV,
      DATABASE_URL: postgres?.url ?? SQLITE,
      ...(redis !== null && { REDIS_URL: redis.url }),
    };
    both = [await startApp(env), await startApp(env)];
    for (const { clock } of both) clock.set(test.clock.now());
    await Promise.all(both.map((each) => policy('optional', each)));
  });
  afterAll(async () => {
    await Promise.all(both.map((each) => each.close()));
    await Promise.all([postgres?.drop(), redis?.stop()]);
  });

  it.each(['a code of the app', 'a recovery code'])(
    '%s that both get at once opens one session',
    async (which) => {
      const user = await EnrollingUser.add(both[0]);
      const [recovery = ''] = await user.enrol();
      for (const { clock } of both) clock.advance(STEP_MS);
      const code = which === 'a recovery code' ? recovery : user.code();
      const answers = await Promise.all([...both, ...both].map((on) => user.login({ code }, on)));
      expect(answers.map(refusalOf).toSorted()).toEqual(['200 null', REFUSED, REFUSED, REFUSED]);
      const sessions = await both[0].sql('SELECT id FROM bo_auth_session WHERE user_id = $1', user.userId);
      expect(sessions).toHaveLength(1);
    },
  );

  it('two codes that come at once both count', async () => {
    const user = await EnrollingUser.add(both[0]);
    const recoveryCodes = await user.enrol();
    const answers = await Promise.all(
      recoveryCodes.slice(0, 4).map((code, index) => user.login({ code }, both[index % 2])),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const code of recoveryCodes.slice(0, 4)) expect(refusalOf(await user.login({ code }))).toBe(REFUSED);
  });
});

describe('another pepper', () => {
  it('opens the secrets of the former one, and reseals each with its next code', async () => {
    const [old, next] = ['old:0123456789abcdef0123456789abcdef', 'new:fedcba9876543210fedcba9876543210'];
    const url = `sqlite:${folder.path}/pepper.sqlite`;
    const start = async (TOKEN_PEPPER: string) => {
      const app = await startApp({ ...ENV, DATABASE_URL: url, TOKEN_PEPPER });
      app.clock.set(test.clock.now());
      await policy('optional', app);
      return app;
    };
    const before = await start(old);
    const user = await EnrollingUser.add(before);
    const [recovery = ''] = await user.enrol();
    const sealed = async (on: TestApp) =>
      (await on.sql<{ secret: string }>('SELECT secret FROM bo_second_factor'))[0]?.secret.slice(0, 4);
    expect(await sealed(before)).toBe('old.');
    test.clock.advance(STEP_MS);

    const after = await start(`${next},${old}`);
    expect((await user.login({ code: recovery }, after)).status).toBe(200);
    expect(await sealed(after)).toBe('old.');
    expect((await user.login({ code: user.code(1) }, after)).status).toBe(200);
    expect(await sealed(after)).toBe('new.');
    await after.close();

    const former = await start(old);
    expect(refusalOf(await user.login({ code: user.code(3) }, former))).toBe('503 UNAVAILABLE');
    await Promise.all([before.close(), former.close()]);
  });
});
