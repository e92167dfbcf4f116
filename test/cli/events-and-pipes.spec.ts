import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { EventView } from '../../src/admin/event/event-log.js';
import { type Ended, type Given, TestCommandLine } from '../support/command-line.js';

let folder: string;
let commandLine: TestCommandLine;
let env: Record<string, string>;

const bo = (args: readonly string[], given?: Given): Promise<Ended> => commandLine.run(args, given);

async function json<T = Record<string, unknown>>(args: readonly string[], given: Given = {}): Promise<T> {
  const ended = await bo([...args, '--json'], given);
  if (ended.code !== 0) throw new Error(`${args.join(' ')}: ${ended.code} ${ended.stderr}`);
  return JSON.parse(ended.stdout) as T;
}

async function sql(statement: string): Promise<void> {
  const { default: sqlite3 } = await import('sqlite3');
  await new Promise<void>((done, fail) => {
    const database = new sqlite3.Database(join(folder, 'data', 'e.sqlite'));
    database.run(statement, (error: Error | null) =>
      database.close(() => (error === null ? done() : fail(error))),
    );
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bo-auth-events-'));
  env = { DATABASE_URL: `sqlite:${join(folder, 'data', 'e.sqlite')}` };
  commandLine = new TestCommandLine(folder, env);
  await json(['migrate']);
  await json(['project', 'add', 'shop']);
  await json(['user', 'add', 'shop', 'u1', '--user-name', 'anna', '--no-password']);
  await json(['user', 'disable', 'shop', 'u1']);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('events', () => {
  const kinds = async (...filter: string[]) =>
    (await json<{ items: EventView[] }>(['events', ...filter])).items.map(({ kind }) => kind);

  it('lists the audit trail, newest first, by each filter', async () => {
    const all = await kinds();
    expect(all.at(-1)).toBe('project-added');
    expect(await kinds('--owner', 'shop')).toEqual(all);
    expect(await kinds('--user', 'u1', '--kind', 'user-disabled')).toEqual(['user-disabled']);
    expect(await kinds('--since', '2100-01-01T00:00:00Z')).toEqual([]);
    expect(await kinds('--until', '2020-01-01T00:00:00+08:00')).toEqual([]);
    expect(await kinds('--since', '2020-01-01T00:00:00Z', '--until', '2100-01-01T00:00:00Z')).toEqual(all);
    expect(await kinds('--limit', '1')).toEqual([all[0]]);
    expect((await bo(['events', '--kind', 'user-added'])).stdout).toMatch(
      /^at {2,}ownerId .*\n.*shop {5}u1 {6}user-added/,
    );
  });

  it('lists the kinds', async () => {
    const { items } = await json<{ items: string[] }>(['events', 'kinds']);
    expect(items).toEqual(expect.arrayContaining(['login', 'user-disabled', 'session-imported']));
  });

  it.each([
    [['--kind', 'logn'], 2, 'kind must be one of login, '],
    [['--since', 'yesterday'], 2, 'since must be ISO 8601'],
    [['--session', 'x'], 2, "unknown option '--session'"],
    [['nonsense'], 2, 'too many arguments'],
    [['--owner', 'nowhere'], 1, 'bo-auth project list'],
  ])('refuses %j', async (args, code, sentence) => {
    const ended = await bo(['events', ...args]);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr).toContain(sentence);
  });
});

describe('events export', () => {
  it('prints every event that matches, oldest first, as JSON lines', async () => {
    const { stdout } = await bo(['events', 'export', '--user', 'u1', '--until', '2100-01-01T00:00:00Z']);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as EventView);
    expect(events.map(({ kind }) => kind)).toEqual(['user-added', 'user-disabled', 'logged-out']);
    expect(events.at(-1)).toEqual((await json<{ items: EventView[] }>(['events'])).items[0]);
  });

  it('prints CSV in which no cell is a formula', async () => {
    await sql(
      `INSERT INTO bo_auth_event (at, owner_id, user_id, kind, detail) VALUES (0, '', '=1+1', 'login', '{"a":"b, c"}'), (1, '', '=1+1', 'login', '{')`,
    );
    const { stdout } = await bo(['events', '--user', '=1+1', 'export', '--format', 'csv']);
    expect(stdout).toMatch(
      /^id,at,ownerId,userId,kind,sessionId,detail\r\n\d+,1970-01-01T00:00:00.000Z,,'=1\+1,login,,"{""a"":""b, c""}"\r\n.*,login,,"{""unreadable"":""{""}"\r\n$/,
    );
  });

  it.each([[['--limit', '3']], [['--format', 'xml']], [['--kind', 'logn']]])('refuses %j', async (args) => {
    expect(await bo(['events', 'export', ...args])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('events verify', () => {
  it('prints the head of an intact chain, and the first broken line of another', async () => {
    const intact = await json<{ head: string }>(['events', 'verify']);
    expect(intact).toMatchObject({ intact: true, unsealed: 0, faultCount: 0 });
    expect((await bo(['events', 'verify', '--expect', intact.head])).code).toBe(0);
    expect((await bo(['events', 'verify', '--expect', intact.head.replace(/.{5}$/, 'AAAAA')])).code).toBe(1);
    expect((await bo(['events', 'verify', '--expect', '12'])).code).toBe(2);

    await sql(`UPDATE bo_auth_event SET at = at + 1 WHERE kind = 'user-added'`);
    const broken = await bo(['events', 'verify']);
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(
      /^line 2 \(event \d+\) was changed.*\nBROKEN: 1 faults, the first at line 2\n/,
    );
    await sql(`UPDATE bo_auth_event SET at = at - 1 WHERE kind = 'user-added'`);
    expect((await bo(['events', 'verify'])).stdout).toMatch(/^intact\n/);
  });

  it('says what to do with another pepper', async () => {
    expect((await bo(['events', 'restart-chain'])).stderr).toContain('nothing was changed');
    const other = { env: { TOKEN_PEPPER: 'another:pepper-of-forty-characters-0123456789' } };
    const refused = await bo(['events', 'verify'], other);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/sealed under the pepper 0\b.*bo-auth events restart-chain/s);
    expect((await bo(['events', 'restart-chain'], other)).code).toBe(0);
    expect((await bo(['events', 'verify'], other)).stdout).toMatch(
      /^intact\nlines verified: 1; .*: [1-9]\d*\n/,
    );
  });
});

describe('a session import', () => {
  it('writes an event for each session, and takes no token that can be guessed', async () => {
    await json(['user', 'enable', 'shop', 'u1']);
    const path = join(folder, 'sessions.jsonl');
    const strong = `eyJhbGciOiJIUzI1NiJ9.${'x'.repeat(4000)}`;
    const tokens = [strong, 'ab1cd', '0123456789012345678901', 'a'.repeat(64), `${strong}${'y'.repeat(100)}`];
    await writeFile(
      path,
      tokens.map((refreshToken) => JSON.stringify({ refreshToken, userId: 'u1' })).join('\n'),
    );
    const guessable = expect.stringContaining('refreshToken can be guessed: length × log2(alphabet)');
    const length = 'refreshToken must be 16 to 4096 characters';
    expect(await json(['import-sessions', 'shop', path])).toEqual({
      imported: 1,
      existing: 0,
      refused: [
        { line: 2, reason: length },
        { line: 3, reason: guessable },
        { line: 4, reason: guessable },
        { line: 5, reason: length },
      ],
    });
    const { items } = await json<{ items: EventView[] }>(['events', '--kind', 'session-imported']);
    const sessions = await json<{ items: { sessionId: string }[] }>(['user', 'sessions', 'shop', 'anna']);
    expect(items).toEqual([
      expect.objectContaining({
        ownerId: 'shop',
        userId: 'u1',
        sessionId: sessions.items[0]?.sessionId,
        detail: expect.objectContaining({ by: 'command-line' }),
      }),
    ]);
  });
});

describe('options', () => {
  it('shows --json, defaults and login names in the help of commands', async () => {
    const help = async (...args: string[]) => (await bo([...args, '--help'])).stdout.replaceAll(/\s+/g, ' ');
    expect(await help('user', 'list')).toMatch(/--limit .* \(default: "1000"\).*--json print JSON/);
    expect(await help('project', 'add')).toMatch(
      /--refresh-policy <policy> rotate or reuse \(default: rotate\)/,
    );
    expect(await help('project', 'add')).toMatch(/per user, or none \(default: none\)/);
    expect(await help('project', 'set')).not.toContain('(default: rotate)');
    expect(await help('user', 'sessions')).toContain('login name');
  });

  it('says where a password comes from instead of an argument', async () => {
    for (const args of [
      ['user', 'add', 'shop', 'p1', '--password', 'a-password'],
      ['user', 'add', 'shop', 'p1', '--password'],
      ['user', 'set-password', 'shop', 'u1', '--password', 'a-password'],
    ]) {
      const ended = await bo(args, { input: 'a-password' });
      expect([ended.code, ended.stdout]).toEqual([2, '']);
      expect(ended.stderr).toContain('--password-file');
      expect(ended.stderr).not.toMatch(/a-password|--no-password/);
    }
    expect((await bo(['user', 'show', 'shop', 'p1'])).code).toBe(1);
  });

  it('takes an argon2id hash from a file, and no hash for a password', async () => {
    const hash = `$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQxMjM0NTY$${'A'.repeat(43)}`;
    const added = await bo(['user', 'add', 'shop', 'h1', '--password-hash-file', '-'], { input: hash });
    expect(added.code).toBe(0);
    for (const args of [
      ['user', 'add', 'shop', 'h2'],
      ['user', 'set-password', 'shop', 'h1'],
    ]) {
      const ended = await bo(args, { input: hash });
      expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining('looks like a password hash')]);
    }
  });
});

describe('a pipe whose reader leaves', () => {
  it.each([[['events', '--json']], [['events', 'export', '--json']]])('ends %j quietly', async (args) => {
    const child = spawn(resolve('dist/cli/main.js'), args, {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.destroy();
    const code = await new Promise((done) => child.on('close', done));
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('doctor', () => {
  it('names users who are too large for an access token', async () => {
    const roles = JSON.stringify(Array.from({ length: 100 }, (_, index) => `${'r'.repeat(60)}${index}`));
    await sql(`UPDATE bo_user SET role_id = '${roles}' WHERE user_id = 'u1'`);
    const { stdout } = await bo(['doctor']);
    expect(stdout).toMatch(/warn {2}users: too large for an access token .*: 1: shop\/u1 \(\d+ bytes\)/);
  });
});
