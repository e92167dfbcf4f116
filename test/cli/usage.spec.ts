import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TestCommandLine } from '../support/command-line.js';
import { folder, database, bo, json, file, openWorkplace } from './workplace.js';

openWorkplace();

describe('a process of its own', () => {
  it('reads .env and its standard input, and ends with 0, 1 or 2, its result on one output and the rest on the other', async () => {
    await file('.env', `DATABASE_URL=${database}`);
    const bare = new TestCommandLine(folder, {});
    const [added, inspected, mistyped] = await Promise.all([
      bare.start(['user', 'add', 'shop', 'typed', '--json'], { input: 'by-a-pipe\n' }),
      bare.start(['token', 'inspect', '-'], { input: 'what is this\n' }),
      bare.start(['project', 'shw']),
    ]);
    await rm(join(folder, '.env'));
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(added.stdout)).toEqual(await json(['user', 'show', 'shop', 'typed']));
    expect(inspected).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^unknown: /),
      stderr: `database: ${database}\n`,
    });
    expect(mistyped).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Did you mean') });
  });
});

it('names a variable that is wrong', async () => {
  const refused = await bo(['project', 'list'], { env: { PORT: 'x' } });
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('PORT: must be') });
});

describe('usage', () => {
  it.each([
    [[], 'Usage: bo-auth'],
    [['project'], 'Usage: bo-auth project'],
    [['nonsense'], "bo-auth: unknown command 'nonsense'"],
    [['project', 'nonsense'], "unknown command 'nonsense'"],
    [['project', 'show'], "missing required argument 'ownerId'"],
    [['project', 'shw'], "unknown command 'shw' (Did you mean show?)"],
    [['project', 'show', 'a', 'b'], 'too many arguments'],
    [['project', 'list', '--wrong'], "unknown option '--wrong'"],
    [['project', 'list', '--limit', '0'], '--limit must be'],
    [['project', 'set', 'shop'], 'give at least one option'],
    [
      ['project', 'set', 'shop', '--grace-seconds', '301'],
      '(--grace-seconds) must be a whole number from 0 to 300',
    ],
    [['project', 'set', 'shop', '--grace-seconds', 'ten'], '(--grace-seconds) must be a whole number'],
    [['project', 'set', 'shop', '--max-sessions', '0'], '(--max-sessions)'],
    [['project', 'set', 'shop', '--time-zone', 'Mars/Base'], 'time zone'],
    [['project', 'set', 'shop', '--verify-stamp-required', 'maybe'], 'must be true or false'],
    [['project', 'add', 'bad id'], 'bo-auth: ownerId must be 1 to 64'],
    [['project', 'add', 'x', '--verify-cipher', 'rot13'], 'must be one of des-ecb'],
    [['project', 'add', 'x', '--verify-key-file', '/nonexistent'], 'cannot be read (ENOENT)'],
    [['user', 'import', 'shop', 'users.txt'], '--format'],
    [['user', 'import', 'shop', '/nonexistent.csv'], 'cannot be read (ENOENT)'],
    [['area', 'import', '.', '--format', 'csv'], 'is not a file'],
    [['key', 'publish', 'shop', '--algorithm', 'HS256'], 'must be one of ES256, ES384, RS256, PS256'],
    [['token', 'inspect'], 'no token was given'],
    [['plugin', 'check', 'README.md'], 'the file name must be fn-<name>.js'],
    [['plugin', 'check', 'fn-none.js'], 'cannot be read (ENOENT)'],
  ])('%j is answered by a sentence, and 2', async (args, sentence) => {
    const ended = await bo(args);
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(ended.stderr).toContain(sentence);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });

  it('helps and tells its version with 0', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(await bo(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    for (const args of [['--help'], ['user', 'import', '--help'], ['help', 'key']])
      expect((await bo(args)).code).toBe(0);
  });

  it('tells a failure after the database', async () => {
    expect(await bo(['project', 'show', 'nowhere'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^database: .+\nbo-auth: .+\n$/),
    });
  });

  it('tells failures as JSON where JSON is asked for', async () => {
    const ended = await bo(['--json', 'project', 'show', 'nowhere']);
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(JSON.parse(ended.stderr)).toEqual({
      error: { code: 'ADMIN_PROJECT_UNKNOWN', message: expect.stringContaining('bo-auth project list') },
    });
  });

  it.each([
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL: must be'],
    [{ DATABASE_URL: 'sqlite::memory:' }, 'DATABASE_URL is sqlite::memory:'],
    [{ DATABASE_URL: 'sqlite:/dev/null/here.sqlite' }, 'DATABASE_URL'],
    [{ DATABASE_URL: 'sqlite:/dev/null' }, 'DATABASE_URL'],
    [{ PORT: 'x' }, 'PORT: must be'],
    [{ NODE_ENV: 'production' }, 'JWT_SECRET: must be set in production'],
  ])('%j is reported with the name of the variable', async (env, sentence) => {
    const ended = await bo(['project', 'list'], { env });
    expect([1, 2]).toContain(ended.code);
    expect(ended.stderr).toContain(sentence);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });
});
