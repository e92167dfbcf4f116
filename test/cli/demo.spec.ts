import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startFailure } from '../../src/start-failure.js';
import { call, login, refresh, SAMPLE_TOKEN, startApp } from '../support/app.js';
import { TestCommandLine } from '../support/command-line.js';
import { temporaryFolder } from '../support/temporary.js';

const SECRETS = {
  JWT_SECRET: '4f1c9d2e8b7a6053f1c9d2e8b7a60531',
  TOKEN_PEPPER: 'a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5',
};
const production = { NODE_ENV: 'production', ...SECRETS };

describe('a database that a development start has filled', () => {
  const folder = temporaryFolder();
  const database = { DATABASE_URL: `sqlite:${folder.path}/test.sqlite`, LOG_LEVEL: 'silent' };
  const bo = new TestCommandLine(folder.path, { ...production, ...database });
  const start = () =>
    startApp({ ...database, ...production }).then(
      async (test) => {
        await test.close();
        return 'started';
      },
      (error: unknown) => startFailure(error),
    );

  beforeAll(async () => {
    await (await startApp({ ...database, ...SECRETS })).close();
  });

  afterAll(() => folder.remove());

  it('restores the published token after it was signed out, in development only', async () => {
    const development = { ...database, ...SECRETS, NODE_ENV: 'development' };
    const test = await startApp(development);
    const signedIn = await login(test, { owner: 'ptdev', user: 'dev' });
    const others = { method: 'DELETE', url: '/auth/sessions?scope=others', owner: 'ptdev' } as const;
    expect((await call(test, { ...others, bearer: signedIn.accessToken })).status).toBe(200);
    const outcome = async () => (await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev' })).status;
    expect(await outcome()).toBe(401);
    const restored = await bo.run(['demo', 'restore'], { env: development });
    expect([restored.code, restored.stdout]).toEqual([0, `restored  ${SAMPLE_TOKEN} of project ptdev\n`]);
    expect(await outcome()).toBe(200);
    await test.close();
    const refused = await bo.run(['demo', 'restore']);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('is for development')]);
  });

  it('stops a production start, which names the command', async () => {
    expect(await start()).toBe(
      'DATABASE_URL: the database holds published demo data (project ptdev, project acme, user ptdev/ptdev, ' +
        'user acme/alice, user acme/bob, session of ptdev/ptdev): run bo-auth demo remove',
    );
  });

  it('is fit for production after bo-auth demo remove, which keeps a project with users of its own', async () => {
    const added = await bo.run(['user', 'add', 'acme', 'carol'], { input: 'a long enough password' });
    expect(added.code).toBe(0);
    const removed = await bo.run(['demo', 'remove']);
    expect(removed.stdout).not.toContain('project acme');
    expect(removed.stdout).toContain('removed  user acme/alice');
    expect([removed.code, removed.stderr]).toEqual([1, expect.stringContaining('key rotate verify acme')]);
    expect(await start()).toContain('(project acme)');
    expect((await bo.run(['key', 'rotate', 'verify', 'acme'])).code).toBe(0);
    expect(await start()).toBe('started');
    const again = await bo.run(['demo', 'remove']);
    expect([again.code, again.stdout]).toEqual([0, 'no demo data\n']);
  });
});

it('a command in the wrong folder creates no database, and in the right one says which it uses', async () => {
  const folder = temporaryFolder();
  const bo = new TestCommandLine(folder.path, { ...production, DATABASE_URL: 'sqlite:./nowhere.sqlite' });
  const refused = await bo.run(['project', 'list']);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    `bo-auth: sqlite:${join(folder.path, 'nowhere.sqlite')} does not exist: run bo-auth migrate to create it, or set DATABASE_URL\n`,
  ]);
  expect(existsSync(join(folder.path, 'nowhere.sqlite'))).toBe(false);
  expect((await bo.run(['migrate'])).code).toBe(0);
  const listed = await bo.run(['project', 'list']);
  expect(listed.stderr).toBe(`database: sqlite:${join(folder.path, 'nowhere.sqlite')}\n`);
  expect((await bo.run(['project', 'list', '--json'])).stderr).toBe('');
  folder.remove();
});
