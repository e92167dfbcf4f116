import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import CryptoJS from 'crypto-js';
import type { Inspection } from '../../src/cli/token/token-inspection.js';
import type { Finding } from '../../src/cli/doctor/finding.js';
import { call, type TestApp, startApp } from '../support/app.js';
import { type Ended, type Given, TestCommandLine } from '../support/command-line.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';

let folder: string;
let database: string;
let commandLine: TestCommandLine;

const bo = (args: readonly string[], given?: Given): Promise<Ended> => commandLine.run(args, given);

/** What a command that must succeed prints as JSON. */
async function json<T = Record<string, unknown>>(args: readonly string[], given: Given = {}): Promise<T> {
  const ended = await bo([...args, '--json'], given);
  if (ended.code !== 0) throw new Error(`${args.join(' ')}: ${ended.code} ${ended.stderr}`);
  return JSON.parse(ended.stdout) as T;
}

const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bo-auth-cli-'));
  database = `sqlite:${join(folder, 'data', 'cli.sqlite')}`;
  commandLine = new TestCommandLine(folder, { DATABASE_URL: database, PLUGINS_DIR: './plugins' });
  const made = await bo(['migrate']);
  expect(made.code).toBe(0);
  await json(['project', 'add', 'shop', '--verify-key-file', '-'], { input: 'shop-key\n' });
  await json(['user', 'add', 'shop', 'u1', '--password-file', '-'], { input: 'u1-password' });
});
afterAll(async () => {
  commandLine.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a process of its own', () => {
  const start = (...given: Parameters<TestCommandLine['start']>) => commandLine.start(...given);

  it('ends with 0, 1 or 2, its result on one output and the rest on the other', async () => {
    const [listed, unknown, mistyped] = await Promise.all([
      start(['project', 'list', '--json']),
      start(['project', 'show', 'nowhere']),
      start(['project', 'shw']),
    ]);
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(listed.stdout)).toEqual(await json(['project', 'list']));
    expect(unknown).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^bo-auth: .+\n$/) });
    expect(mistyped).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Did you mean') });
  });

  it('reads its standard input, ends with what it found, and reads .env', async () => {
    const added = await start(['user', 'add', 'shop', 'typed', '--json'], { input: 'by-a-pipe\n' });
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('"typed"'), stderr: '' });
    const inspected = await start(['token', 'inspect', '-'], { input: 'what is this\n' });
    expect(inspected).toMatchObject({ code: 1, stdout: expect.stringMatching(/^unknown: /), stderr: '' });
    await file('.env', 'PORT=x\n');
    const refused = await start(['project', 'list']);
    await rm(join(folder, '.env'));
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('PORT: must be') });
  });
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
  ])('%j is told by the name of the variable', async (env, sentence) => {
    const ended = await bo(['project', 'list'], { env });
    expect([1, 2]).toContain(ended.code);
    expect(ended.stderr).toContain(sentence);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });
});

describe('projects, systems and users', () => {
  it('makes, changes, disables and enables a project', async () => {
    const added = await json(['project', 'add', 'p1', '--name', '项目', '--verify-cipher', 'hmac-sha256']);
    expect(added).toMatchObject({
      ownerId: 'p1',
      name: '项目',
      verifyKey: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect((await bo(['project', 'add', 'p1'])).stderr).toContain('exists already');
    const set = await json([
      ...['project', 'set', 'p1', '--max-sessions', '3', '--idle-seconds', 'none'],
      ...['--verify-stamp-required', 'true', '--status-mode', 'always200', '--time-zone', 'Asia/Shanghai'],
    ]);
    expect(set).toMatchObject({
      maxSessions: 3,
      idleSeconds: null,
      verifyStampRequired: true,
      statusMode: 'always200',
      timeZone: 'Asia/Shanghai',
      verifyKey: '********',
    });
    expect(await json(['project', 'disable', 'p1'])).toMatchObject({ status: 'disabled' });
    expect(await json(['project', 'show', 'p1'])).toMatchObject({ status: 'disabled' });
    expect(await json(['project', 'enable', 'p1'])).toMatchObject({ status: 'active' });
    const listed = await bo(['project', 'list']);
    expect(listed.stdout).toMatch(/^ownerId {2}name[^]*\np1 {7}项目 {2}active/);
    expect(listed.stdout).not.toContain(String(added['verifyKey']));
    expect((await bo(['project', 'list', '--limit', '1'])).stderr).toContain('the list is longer');
  });

  it('adds, lists and removes a system', async () => {
    expect(await json(['system', 'add', 'shop', 'crm', '--name', '客户'])).toEqual({
      sysId: 'crm',
      name: '客户',
    });
    expect((await bo(['system', 'add', 'shop', 'crm'])).code).toBe(1);
    expect(await json(['system', 'list', 'shop'])).toEqual({ items: [{ sysId: 'crm', name: '客户' }] });
    expect((await bo(['system', 'remove', 'shop', 'crm'])).code).toBe(0);
    expect((await bo(['system', 'remove', 'shop', 'crm'])).stderr).toContain('bo-auth system list');
  });

  it('takes passwords from standard input or a file, and never prints them', async () => {
    const path = await file('password', 'from-a-file\nand a second line');
    const added = await bo([
      'user',
      'add',
      'shop',
      'pw',
      '--password-file',
      path,
      '--role-id',
      'a,b',
      '--developer',
    ]);
    expect(added.code).toBe(0);
    const set = await bo(['user', 'set-password', 'shop', 'pw'], { input: 'typed-in-a-pipe\n' });
    expect(set).toMatchObject({ code: 0, stdout: expect.stringContaining('was set; sessions ended: 0') });
    expect(added.stdout + added.stderr + set.stdout + set.stderr).not.toMatch(/from-a-file|typed-in|argon2/);
    expect((await bo(['user', 'set-password', 'shop', 'pw'], { input: 'short' })).stderr).toContain(
      'password must be 8 to 1024',
    );
    expect((await bo(['user', 'set-password', 'shop', 'pw'])).stderr).toContain('--password-file');
    expect((await bo(['user', 'set-password', 'shop', 'nobody'], { input: 'long enough' })).stderr).toContain(
      'bo-auth user list',
    );
    expect((await bo(['user', 'add', 'shop', 'nopw', '--no-password'])).code).toBe(0);
    expect(await json(['user', 'disable', 'shop', 'pw'])).toMatchObject({ status: 'disabled', developer: 1 });
    expect(await json(['user', 'enable', 'shop', 'pw'])).toMatchObject({
      status: 'active',
      roleId: ['a', 'b'],
    });
    expect(await json(['user', 'sessions', 'shop', 'pw'])).toEqual({ items: [] });
    expect(await json(['user', 'logout', 'shop', 'pw'])).toEqual({ ended: 0 });
  });

  it('shows and changes a user', async () => {
    await bo(['user', 'add', 'shop', 'kim', '--no-password', '--role-id', 'a,b', '--developer']);
    const kim = { userId: 'kim', userName: 'kim', pushName: 'kim', roleId: ['a', 'b'], developer: 1 };
    const shown = await bo(['user', 'show', 'shop', 'kim', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject(kim);
    expect(shown.stdout).not.toMatch(/argon2|passwordHash/);
    const set = ['user', 'set', 'shop', 'kim'];
    expect(await json([...set, '--push-name', '金', '--role-id', 'c', '--wb-id', 'w'])).toMatchObject({
      ...kim,
      pushName: '金',
      roleId: ['c'],
      wbId: 'w',
    });
    const emptied = { ...kim, pushName: '', roleId: [], wbId: 'w', developer: 0 };
    await bo([...set, '--push-name', '', '--role-id', '', '--no-developer']);
    expect(await json(['user', 'show', 'shop', 'kim'])).toMatchObject(emptied);
    expect((await bo(set)).stderr).toContain('give at least one option');
    expect((await bo([...set, '--area-code', 'a b'])).stderr).toContain('(--area-code)');
    expect((await bo([...set, '--user-name', 'u1'])).code).toBe(1);
    expect((await bo(['user', 'show', 'shop', 'nobody'])).stderr).toContain('bo-auth user list');
  });

  it('imports users from CSV and JSON lines, once each', async () => {
    const csv = await file(
      'users.csv',
      '\ufeffUser_ID,userName,Password,roleId,push-name,shoe size\r\n' +
        'c1,c1,"pass, word ""1""",admin;auditor,"Multi\nline, name",42\r\n' +
        'c2,用户二,password2,,张三,43\r\n' +
        'c3,c3,short,,,\r\n' +
        'c4,c1,password4,,,\r\n',
    );
    const first = await bo(['user', 'import', 'shop', csv, '--json']);
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({ imported: 2, existing: 0 });
    expect(first.stderr).toContain('columns that are ignored: shoe size');
    expect(first.stderr).toMatch(/pushName must be/);
    expect(first.stderr).toMatch(/line \d: password must be/);
    expect(first.stderr).not.toMatch(/password2|pass, word/);
    const jsonl = await file(
      'users.jsonl',
      `${JSON.stringify({ userId: 'c2', userName: '用户二' })}\n\nnot json\n[1]\n${JSON.stringify({ userId: 'j1', userName: 'j1', roleId: ['r'], developer: 1 })}\n${JSON.stringify({ userId: 'j2', userName: 'j1' })}\n`,
    );
    expect(await json(['user', 'import', 'shop', jsonl])).toEqual({
      imported: 1,
      existing: 1,
      refused: [
        { line: 3, reason: 'is not JSON' },
        { line: 4, reason: 'is not a JSON object' },
        { line: 6, reason: 'userName belongs to another user' },
      ],
    });
    const strict = await bo(['user', 'import', 'shop', jsonl, '--strict']);
    expect([strict.code, strict.stderr]).toEqual([1, expect.stringContaining('stopped at line 3')]);
    const { items } = await json<{ items: { userId: string }[] }>(['user', 'list', 'shop']);
    expect(items.map(({ userId }) => userId)).toEqual(expect.arrayContaining(['c2', 'j1']));
  });
});

describe('area import', () => {
  it('refuses what is not UTF-8, instead of keeping rubbish', async () => {
    const path = join(folder, 'gbk.csv');
    await writeFile(path, Buffer.from([...Buffer.from('440000,'), 0xb9, 0xe3, 0xb6, 0xab, 0x0a]));
    const ended = await bo(['area', 'import', path]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('is not UTF-8');
  });

  it('reads a list of GB/T 2260 codes, with or without the names of columns', async () => {
    const bare = await file('gbt2260.csv', '330000,浙江省\n330100,杭州市\n330106,西湖区\n330782,义乌市\n');
    expect(await json(['area', 'import', bare])).toEqual({ imported: 4, refused: [] });
    expect(await json(['area', 'import', bare])).toEqual({ imported: 4, refused: [] });
    const named = await file(
      'named.csv',
      '行政区划代码,单位名称\n330000,浙江省\n330200,宁波市\nabc,x\n330100\n',
    );
    const second = await bo(['area', 'import', named, '--json']);
    expect(JSON.parse(second.stdout)).toMatchObject({ imported: 2, refused: [{ line: 4 }, { line: 5 }] });
    expect(second.stderr).toMatch(/line 4: parentCode must be given/);
    const strict = await bo(['area', 'import', named, '--strict']);
    expect([strict.code, strict.stdout]).toEqual([1, '']);
    const { items } = await json<{ items: object[] }>(['area', 'list']);
    expect(items).toEqual(
      expect.arrayContaining([
        { areaCode: '330106', name: '西湖区', parentCode: '330100' },
        { areaCode: '330782', name: '义乌市', parentCode: '330000' },
      ]),
    );
    const own = await file('own.csv', 'code,name,parent\nworld,World,\neu,Europe,world\n');
    expect(await json(['area', 'import', own])).toEqual({ imported: 2, refused: [] });
    const wrong = await bo(['area', 'import', await file('wrong.csv', 'x,y\n1,2\n')]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('must name the columns')]);
  });
});

describe('beside a running server, on the same file', () => {
  let server: TestApp;
  beforeAll(async () => {
    server = await startApp({ DATABASE_URL: database, PLUGINS_DIR: join(folder, 'plugins') });
  });
  afterAll(() => server.close());

  const seal = (key: string, text = `${randomUUID()}|${Date.now()}`) =>
    CryptoJS.DES.encrypt(text, CryptoJS.enc.Utf8.parse(key), {
      mode: CryptoJS.mode.ECB,
      padding: CryptoJS.pad.Pkcs7,
    }).toString();

  async function login(password = 'u1-password'): Promise<TokenGrant> {
    const answer = await call<TokenGrant>(server, {
      method: 'POST',
      url: '/auth/token',
      owner: 'shop',
      verify: seal('shop-key'),
      payload: { userName: 'u1', password },
    });
    if (answer.body.data === null) throw new Error(answer.text);
    return answer.body.data;
  }
  const refresh = (token: string) =>
    call<TokenGrant>(server, {
      url: `/auth/token/refresh?refreshToken=${encodeURIComponent(token)}`,
      owner: 'shop',
      verify: seal('shop-key'),
    });
  const inspect = async (text: string, ...more: string[]) => {
    const ended = await bo(['token', 'inspect', '--json', ...more], { input: text });
    return { code: ended.code, ...(JSON.parse(ended.stdout) as Inspection) };
  };

  it('prints an XverifyApi value that the server accepts', async () => {
    const { stdout } = await bo(['verify-header', 'shop']);
    const answer = await call(server, { url: '/auth/user', owner: 'shop', verify: stdout.trim() });
    expect(answer.body.error.errorCode).toBe('ACCESS_TOKEN_REFUSED');
    expect((await bo(['verify-header', 'nowhere'])).code).toBe(1);
  });

  it('explains tokens', async () => {
    const grant = await login();
    expect(await inspect(`Bearer ${grant.accessToken}`)).toMatchObject({
      code: 0,
      kind: 'access-token',
      verifies: true,
      holds: { claims: { owner_id: 'shop', id: 'u1' }, header: { alg: 'HS256' } },
    });
    expect(await inspect(grant.refreshToken)).toMatchObject({
      code: 0,
      kind: 'refresh-token',
      verifies: true,
      says: [expect.stringContaining('rotates it')],
      holds: { ownerId: 'shop', userId: 'u1', generation: 0 },
    });
    const [head, body, signature = ''] = grant.accessToken.split('.');
    const damaged = `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    expect(await inspect(damaged)).toMatchObject({ code: 1, says: [expect.stringContaining('signature')] });
    const forged = `${grant.refreshToken.slice(0, -1)}${grant.refreshToken.endsWith('0') ? '1' : '0'}`;
    expect(await inspect(forged)).toMatchObject({ code: 1, says: [expect.stringContaining('MAC is wrong')] });
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await inspect(`${none}.${body}.`)).toMatchObject({ code: 1, kind: 'access-token' });
    const other = await bo(['token', 'inspect', grant.accessToken], {
      env: { JWT_SECRET: 'another secret' },
    });
    expect([other.code, other.stdout]).toEqual([1, expect.stringContaining('signed with another key')]);
    const lost = await bo(['token', 'inspect', grant.refreshToken], { env: { TOKEN_PEPPER: 'new:other' } });
    expect([lost.code, lost.stdout]).toEqual([1, expect.stringContaining('has no pepper 0')]);

    const next = await refresh(grant.refreshToken);
    expect((await inspect(grant.refreshToken)).says[0]).toContain('same successor again');
    // To look changed nothing.
    expect((await refresh(next.body.data?.refreshToken ?? '')).status).toBe(200);
    await bo(['user', 'logout', 'shop', 'u1']);
    expect((await inspect(grant.accessToken)).says[0]).toContain('logged out everywhere');
    expect(await inspect('what is this')).toMatchObject({ code: 1, kind: 'unknown' });
    expect(await inspect('M'.repeat(32))).toMatchObject({ code: 1, kind: 'unknown' });
  });

  it('explains XverifyApi values', async () => {
    const guid = randomUUID();
    const fresh = await inspect(seal('shop-key', `${guid}|${Date.now()}`), '--project', 'shop');
    expect(fresh).toMatchObject({ code: 0, kind: 'verify-header', verifies: true });
    expect(fresh.holds['guid']).toBe(guid.replaceAll('-', ''));
    const stale = await inspect(seal('shop-key', `${guid}|${Date.now() - 3_600_000}`), '--project', 'shop');
    expect(stale).toMatchObject({ code: 1, says: [expect.stringContaining('further off')] });
    expect(stale.holds['ageSeconds']).toBeGreaterThanOrEqual(3600);
    const foreign = await inspect(seal('otherkey', guid), '--project', 'shop');
    expect(foreign).toMatchObject({ code: 1, verifies: false, holds: { guid: null } });
    expect((await inspect(seal('shop-key'))).says.join(' ')).toContain('--project');
    expect((await inspect(seal('shop-key'), '--project', 'nowhere')).says[0]).toContain('no such project');
  });

  it('ends what the server has open, on its next look at the database', async () => {
    const grant = await login();
    expect(await json(['user', 'logout', 'shop', 'u1'])).toEqual({ ended: 1 });
    expect((await refresh(grant.refreshToken)).status).toBe(401);
    await bo(['user', 'set-password', 'shop', 'u1'], { input: 'another-password' });
    await expect(login()).rejects.toThrow('CREDENTIALS_REFUSED');
    const again = await login('another-password');
    const { items } = await json<{ items: { sessionId: string }[] }>(['user', 'sessions', 'shop', 'u1']);
    expect(items).toHaveLength(1);
    const one = ['user', 'logout', 'shop', 'u1', '--session', items[0]?.sessionId ?? ''];
    expect(await json(one)).toEqual({ ended: 1 });
    expect((await bo(one)).code).toBe(1);
    expect((await refresh(again.refreshToken)).status).toBe(401);
    await bo(['user', 'set-password', 'shop', 'u1'], { input: 'u1-password' });
  });

  it('takes over legacy sessions, which go on working', async () => {
    const now = Date.now();
    const csv = await file(
      'sessions.csv',
      'refresh_token,user_id,client_id,expires_at\n' +
        `legacy-csv-1,u1,ios,${new Date(now + 3_600_000).toISOString()}\n` +
        'legacy-csv-2,nobody,,\n' +
        'legacy-csv-3,u1,,\n' +
        `legacy-csv-4,u1,,${new Date(now - 1000).toISOString()}\n` +
        'legacy-csv-5,u1,,soon\n',
    );
    const first = await bo(['import-sessions', 'shop', csv, '--json', '--progress']);
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toEqual({
      imported: 2,
      existing: 0,
      refused: [
        { line: 3, reason: 'the project has no such user' },
        { line: 5, reason: 'the session has expired' },
        { line: 6, reason: expect.stringContaining('expiresAt must be ISO 8601') },
      ],
    });
    expect(first.stderr).toMatch(/\[#{30}\] 100 % {2}2 sessions/);
    expect(first.stdout + first.stderr).not.toContain('legacy-csv');
    expect(await json(['import-sessions', 'shop', csv])).toMatchObject({ imported: 0, existing: 2 });

    const answer = await refresh('legacy-csv-1');
    expect(answer.body.data).toMatchObject({
      clientId: 'ios',
      refreshToken: expect.stringMatching(/^\w{32}$/),
    });
    expect(await inspect('legacy-csv-3')).toMatchObject({ code: 0, kind: 'imported-refresh-token' });

    const bytes = await readFile(join(folder, 'data', 'cli.sqlite'));
    const log = await readFile(join(folder, 'data', 'cli.sqlite-wal')).catch(() => Buffer.alloc(0));
    for (const content of [bytes, log]) expect(content.includes('legacy-csv')).toBe(false);

    const jsonl = await file(
      'sessions.jsonl',
      `${JSON.stringify({ refreshTokenSha256: sha256('legacy-json-1'), userName: 'u1', createdAt: Date.now() })}\n{oops\n${JSON.stringify({ refreshToken: 'legacy-json-3', userId: 'u1' })}\n`,
    );
    const strict = await bo(['import-sessions', 'shop', jsonl, '--strict']);
    expect([strict.code, strict.stdout]).toEqual([1, '']);
    expect(strict.stderr).toContain('line 2: is not JSON');
    expect(strict.stderr).toContain('stopped at line 2; 1 sessions were imported before');
    expect((await refresh('legacy-json-1')).status).toBe(200);
    expect((await refresh('legacy-json-3')).status).toBe(401);
    expect((await bo(['import-sessions', 'nowhere', jsonl])).code).toBe(1);
  });

  it('imports many in batches while the server answers', async () => {
    const lines = Array.from({ length: 1203 }, (_, index) =>
      JSON.stringify({ refreshToken: `bulk-${index}`, userId: 'u1' }),
    );
    const jsonl = await file('bulk.ndjson', lines.join('\n'));
    const importing = json(['import-sessions', 'shop', jsonl]);
    const statuses = new Set<number>();
    let done = false;
    void importing.finally(() => (done = true));
    while (!done) statuses.add((await refresh('unknown-token')).status);
    expect(await importing).toEqual({ imported: 1203, existing: 0, refused: [] });
    expect([...statuses]).toEqual([401]);
    expect((await refresh('bulk-1202')).status).toBe(200);
  });

  it("changes a project's key with an overlap", async () => {
    const rotated = await json(['key', 'rotate', 'verify', 'shop', '--overlap-seconds', '3600']);
    expect(rotated).toMatchObject({ verifyCipher: 'des-ecb', verifyPreviousUntil: expect.any(String) });
    const old = await inspect(seal('shop-key'), '--project', 'shop');
    expect(old).toMatchObject({ code: 0, says: [expect.stringContaining('former key')] });
    const back = await json(['key', 'rotate', 'verify', 'shop', '--verify-key-file', '-'], {
      input: 'shop-key',
    });
    expect(back).toMatchObject({ verifyKey: 'shop-key' });
  });
});

describe('signing keys', () => {
  it('are published, promoted and retired, each step saying what comes next', async () => {
    const published = await bo(['key', 'publish', 'shop', '--json']);
    const { kid = '', promotableAt } = JSON.parse(published.stdout) as Record<string, string>;
    expect(published.stderr).toContain(`after ${promotableAt}: bo-auth key promote shop ${kid}`);
    expect(published.stderr).toContain('TOKEN_PEPPER is not set');
    const early = await bo(['key', 'promote', 'shop', kid]);
    expect([early.code, early.stdout]).toEqual([1, '']);
    expect(early.stderr).toContain(`Not before ${promotableAt}`);
    expect(early.stderr).toContain('--force skips the wait');
    expect(await json(['key', 'promote', 'shop', kid, '--force'])).toMatchObject({ status: 'signing' });
    const demoted = await bo(['key', 'demote', 'shop', kid]);
    expect(demoted.stderr).toContain(`bo-auth key retire shop ${kid}`);
    const retired = await bo(['key', 'retire', 'shop', kid, '--force']);
    expect(retired).toEqual({ code: 0, stdout: `${kid} is retired\n`, stderr: '' });
  });
});

describe('key rotate', () => {
  it('puts a new pepper in front of those there are', async () => {
    const bare = await json(['key', 'rotate', 'pepper'], { env: { TOKEN_PEPPER: 'the-old-one' } });
    expect(bare['TOKEN_PEPPER']).toMatch(/^\d{8}:[\w-]{43},0:the-old-one$/);
    const again = await json(['key', 'rotate', 'pepper'], {
      env: { TOKEN_PEPPER: String(bare['TOKEN_PEPPER']) },
    });
    expect(again['TOKEN_PEPPER']).toMatch(/^\d{8}-2:[\w-]{43},\d{8}:[\w-]{43},0:the-old-one$/);
    expect((await json(['key', 'rotate', 'pepper']))['TOKEN_PEPPER']).toMatch(/^\d{8}:[\w-]{43}$/);
    const bad = await bo(['key', 'rotate', 'pepper'], { env: { TOKEN_PEPPER: 'a:b:c' } });
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('TOKEN_PEPPER')]);
  });

  it('makes secrets that production accepts', async () => {
    const jwt = await json<Record<string, string>>(['key', 'rotate', 'jwt']);
    const operator = await json<Record<string, string>>(['key', 'rotate', 'operator']);
    expect(operator['OPERATOR_TOKEN_HASH']).toBe(sha256(operator['token'] ?? ''));
    const pepper = await json<Record<string, string>>(['key', 'rotate', 'pepper']);
    const env = { NODE_ENV: 'production', ...jwt, TOKEN_PEPPER: pepper['TOKEN_PEPPER'] ?? '' };
    expect((await bo(['project', 'list'], { env })).code).toBe(0);
  });
});

describe('migrate', () => {
  it('says what it would do, does it, and does nothing twice', async () => {
    const env = { DATABASE_URL: `sqlite:${join(folder, 'new.sqlite')}` };
    const { pending } = await json<{ pending: string[] }>(['migrate', '--dry-run'], { env });
    expect(pending.length).toBeGreaterThanOrEqual(3);
    expect(await json(['migrate'], { env })).toEqual({ applied: pending });
    expect((await bo(['migrate'], { env })).stdout).toBe('nothing to migrate\n');
  });
});

describe('doctor', () => {
  const findings = async (env: Record<string, string> = {}) => {
    const ended = await bo(['doctor', '--json'], { env });
    const report = JSON.parse(ended.stdout) as { healthy: boolean; findings: Finding[] };
    const of = (level: Finding['level']) =>
      report.findings.filter((each) => each.level === level).map(({ about, says }) => `${about}: ${says}`);
    return { code: ended.code, ...report, errors: of('error'), warnings: of('warning'), text: ended.stdout };
  };

  it('finds a sound system sound, and prints no secret', async () => {
    const env = {
      NODE_ENV: 'production',
      JWT_SECRET: 'Kq8vB2nM5xZ1cV7lP0oI9uY6tR4eW3qA',
      TOKEN_PEPPER: '0:Zx1cV7lP0oI9uY6tR4eW3qAKq8vB2nM5',
    };
    const report = await findings(env);
    expect([report.code, report.healthy, report.errors]).toEqual([0, true, []]);
    for (const secret of ['Kq8vB2nM', 'Zx1cV7lP', 'shop-key']) expect(report.text).not.toContain(secret);
    expect((await bo(['doctor'], { env })).stdout).toContain('ok    database: sqlite, up to date');
  });

  it('changes nothing: a database that is not there is not made', async () => {
    const path = join(folder, 'missing', 'none.sqlite');
    const report = await findings({ DATABASE_URL: `sqlite:${path}` });
    expect(report.warnings).toEqual(expect.arrayContaining([expect.stringContaining('does not exist yet')]));
    expect(existsSync(join(folder, 'missing'))).toBe(false);
  });

  it.each([
    [{ PORT: '99999' }, 'configuration: PORT'],
    [{ DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/x' }, 'database: DATABASE_URL'],
    [{ REDIS_URL: 'redis://:secret@127.0.0.1:1' }, 'redis: does not answer'],
    [{ TOKEN_PEPPER: 'other:something-else' }, 'lacks the pepper 0'],
    [{ DATABASE_URL: 'sqlite:./garbage.sqlite' }, 'database: DATABASE_URL: the file cannot be used'],
    [{ PLUGINS_DIR: './broken' }, 'plugins: PLUGINS_DIR: fn-broken.js'],
    [
      { TLS_CERT_FILE: './garbage.sqlite', TLS_KEY_FILE: './garbage.sqlite' },
      'TLS_CERT_FILE: cannot be read',
    ],
  ])('%j fails, with what to do', async (env, sentence) => {
    await file('garbage.sqlite', 'this is no database, and no certificate either'.repeat(100));
    const { mkdir } = await import('node:fs/promises');
    await mkdir(join(folder, 'broken'), { recursive: true });
    await file('broken/fn-broken.js', 'export default 1;');
    const report = await findings(env);
    expect(report.code).toBe(1);
    expect(report.errors.join('\n')).toContain(sentence);
    expect(report.findings.every(({ level, todo }) => level === 'ok' || todo !== undefined)).toBe(true);
    expect(report.text).not.toContain('secret@');
  });

  it('tells weak secrets and a pepper that nobody needs', async () => {
    const { warnings } = await findings({
      JWT_SECRET: 'a'.repeat(40),
      TOKEN_PEPPER: '0:short,old:also-short',
    });
    expect(warnings).toEqual(
      expect.arrayContaining([
        'JWT_SECRET: has too few different characters',
        'TOKEN_PEPPER: is shorter than 32 bytes',
        'TOKEN_PEPPER: no active session needs the pepper old any more',
      ]),
    );
  });
});

describe('plugin check', () => {
  it('lets a good plugin pass and says what is wrong with another', async () => {
    expect(await json(['plugin', 'check', resolve('docs/examples/fn-upper-user.js')])).toMatchObject({
      plugin: 'upper-user',
      ok: true,
    });
    const throws = await file('fn-throws.js', 'export default () => { throw new Error("secret text"); };');
    const ended = await bo(['plugin', 'check', throws]);
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toContain('fn-throws.js: fails on a sample login');
    expect(ended.stderr).not.toContain('secret text');
  });
});
