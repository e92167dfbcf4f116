import { chmod } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Finding } from '../../src/cli/doctor/finding.js';
import { SqliteConnection } from '../../src/database/sqlite/sqlite-connection.js';
import { DATABASE_LINE } from '../support/command-line.js';
import { call, encryptByDES, startApp } from '../support/app.js';
import { folder, database, bo, json, file, sha256, openWorkplace } from './workplace.js';

openWorkplace();

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
    expect(retired).toEqual({
      code: 0,
      stdout: `${kid} is retired\n`,
      stderr: expect.stringMatching(DATABASE_LINE),
    });
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

  it('puts a new JWT secret in front of those there are, or alone where they fit into no list', async () => {
    const old = 'j'.repeat(32);
    const rotated = async (JWT_SECRET: string) => bo(['key', 'rotate', 'jwt'], { env: { JWT_SECRET } });
    const bare = await rotated(old);
    expect(bare.stdout).toMatch(new RegExp(`^JWT_SECRET=\\d{8}:[\\w-]{43},0:${old}\n$`));
    expect(bare.stderr).toContain('moved to the end');
    const again = await rotated(bare.stdout.slice('JWT_SECRET='.length).trim());
    expect(again.stdout).toMatch(/^JWT_SECRET=(\d{8})-2:[\w-]{43},\1:[\w-]{43},0:j{32}\n$/);
    const other = await rotated(`prod:${old}`);
    expect(other.stdout).toMatch(/^JWT_SECRET=[\w-]{43}\n$/);
    expect(other.stderr).toContain('are then refused');
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

const TOKEN_PEPPER = '0:Zx1cV7lP0oI9uY6tR4eW3qAKq8vB2nM5';

describe('doctor', () => {
  // With an active session the database needs the pepper that made its tokens.
  beforeAll(async () => {
    const server = await startApp({ DATABASE_URL: database, TOKEN_PEPPER });
    const signIn = (password: string) =>
      call(server, {
        method: 'POST',
        url: '/auth/token',
        owner: 'shop',
        verify: encryptByDES(`${randomUUID()}|${Date.now()}`, 'shop-key'),
        payload: { userName: 'u1', password },
      });
    const answer = await signIn('u1-password');
    for (let n = 0; n < 5; n++) await signIn('wrong');
    for (let n = 0; n < 12; n++)
      await server.sql(
        `INSERT INTO bo_auth_event (at, owner_id, user_id, kind, detail) VALUES ($1, 'shop', $2, 'login', $3)`,
        Date.now(),
        `user-${n % 3}`,
        '{"ip":"10.0.0.5"}',
      );
    await server.sql(
      `INSERT INTO bo_second_factor (owner_id, user_id, status, secret, last_step, recovery_codes, created_at)
       VALUES ('shop', 'u1', 'enrolled', 'former.AAAA', 0, '[]', 0)`,
    );
    await server.sql(`UPDATE bo_auth_event SET detail = '{"ip":"10.0.0.5"}' WHERE kind = 'login'`);
    await server.sql(`UPDATE bo_project SET issuer = 'url' WHERE owner_id = 'shop'`);
    await server.close();
    expect(answer.status).toBe(200);
  });

  const findings = async (env: Record<string, string> = {}, options: readonly string[] = []) => {
    const ended = await bo(['doctor', ...options, '--json'], { env });
    const report = JSON.parse(ended.stdout) as { healthy: boolean; findings: Finding[] };
    const of = (level: Finding['level']) =>
      report.findings.filter((each) => each.level === level).map(({ about, says }) => `${about}: ${says}`);
    return { code: ended.code, ...report, errors: of('error'), warnings: of('warning'), text: ended.stdout };
  };

  it('does not mind locked users, who are listed and unlocked', async () => {
    expect(await json(['user', 'locked', 'shop'])).toMatchObject({ items: [{ userId: 'u1' }] });
    expect((await bo(['user', 'unlock', 'shop', 'u1'])).stdout).toBe('u1 is not locked any more\n');
    expect((await bo(['user', 'locked', 'shop'])).stdout).toBe('none\n');
  });

  it('counts second factors that no pepper decrypts, until they are reset', async () => {
    const unreadable = 'TOKEN_PEPPER: does not decrypt second factors: 1';
    expect((await findings()).errors).toContain(unreadable);
    const used = await findings({ TOKEN_PEPPER: `former:${'x'.repeat(16)}${'y'.repeat(16)},0:z` });
    expect(used.text).not.toContain('no session needs the pepper former');
    const reset = ['user', 'reset-second-factor', 'shop', 'u1'];
    expect(await json(reset)).toEqual({ reset: true });
    expect((await bo(reset)).stdout).toBe('u1 had no second factor\n');
    expect((await findings()).errors).not.toContain(unreadable);
  });

  it('finds a sound system sound, and prints no secret', async () => {
    const env = {
      NODE_ENV: 'production',
      JWT_SECRET: 'Kq8vB2nM5xZ1cV7lP0oI9uY6tR4eW3qA',
      TOKEN_PEPPER,
    };
    const report = await findings(env);
    expect([report.code, report.healthy, report.errors]).toEqual([0, true, []]);
    for (const secret of ['Kq8vB2nM', 'Zx1cV7lP', 'shop-key']) expect(report.text).not.toContain(secret);
    expect(report.text).not.toContain('other users of this machine may read');
    await chmod(join(folder, 'data', 'cli.sqlite'), 0o644);
    expect((await findings(env)).text).toContain('other users of this machine may read');
    await chmod(join(folder, 'data', 'cli.sqlite'), 0o600);
    expect((await bo(['doctor'], { env })).stdout).toContain(', up to date');
    expect(report.warnings).toContainEqual(
      expect.stringMatching(/^PUBLIC_URL: is not set, but these projects .*: shop$/),
    );
    expect((await findings({ ...env, PUBLIC_URL: 'https://a.example' })).text).not.toContain('PUBLIC_URL');
    expect(report.warnings).toContainEqual(
      expect.stringContaining('TRUSTED_PROXIES: the newest 13 logins, of 4 users, all came from 10.0.0.5'),
    );
  });

  it('warns that changes are not logged, until the next start', async () => {
    const connection = await SqliteConnection.openPlain(join(folder, 'data', 'cli.sqlite'), 1_000);
    await connection.execute('DROP TRIGGER bo_change_user_delete');
    await connection.close();
    const warning = expect.stringMatching(/^database: a trigger .* is missing/);
    expect((await findings()).warnings).toContainEqual(warning);
    await json(['project', 'list']);
    expect((await findings()).warnings).not.toContainEqual(warning);
  });

  it('finds what GB/T 22239 level 3 asks for, and says how to set it', async () => {
    const env = {
      NODE_ENV: 'production',
      JWT_SECRET: 'Kq8vB2nM5xZ1cV7lP0oI9uY6tR4eW3qA',
      TOKEN_PEPPER,
      EVENT_RETENTION_DAYS: '90',
    };
    const lax = await findings(env, ['--profile', 'mlps3']);
    expect(lax.code).toBe(1);
    const unmet = lax.findings.filter(({ level, about }) => level === 'error' && about.startsWith('8.1.4.'));
    expect(unmet.map(({ about }) => about).toSorted()).toEqual([
      '8.1.4.1 a) project shop',
      '8.1.4.1 b) project shop',
      '8.1.4.1 c)',
      '8.1.4.1 d) project shop',
      '8.1.4.2 d)',
      '8.1.4.3 c)',
    ]);
    // The commands that it names make the project conform.
    for (const { todo = '' } of unmet)
      if (todo.startsWith('bo-auth project set')) await json(todo.split(' ').slice(1));
    const strict = await findings(
      {
        ...env,
        EVENT_RETENTION_DAYS: '180',
        OPERATOR_TOKEN_HASH: 'a'.repeat(64),
        TRUSTED_PROXIES: '10.0.0.5',
      },
      ['--profile', 'mlps3'],
    );
    expect([strict.code, strict.errors]).toEqual([0, []]);
    expect(strict.text).toContain('idleSeconds 1800');
    expect((await bo(['doctor', '--profile', 'iso'])).code).toBe(2);
  });

  it('says that the audit trail is sealed under another pepper', async () => {
    const { errors } = await findings({ TOKEN_PEPPER: '0:another-pepper-of-the-same-id-0123456789' });
    expect(errors).toContainEqual(expect.stringContaining('audit trail: TOKEN_PEPPER does not open the key'));
  });

  it('changes nothing: a database that is not there is not made', async () => {
    const path = join(folder, 'missing', 'none.sqlite');
    const report = await findings({ DATABASE_URL: `sqlite:${path}` });
    expect(report.warnings).toEqual(expect.arrayContaining([expect.stringContaining('does not exist yet')]));
    expect(existsSync(join(folder, 'missing'))).toBe(false);
  });

  it.each([
    [{ PORT: '99999' }, 'configuration: PORT'],
    [
      { DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/x' },
      'database: DATABASE_URL: postgres://127.0.0.1:1/x cannot be reached',
    ],
    [{ REDIS_URL: 'redis://:secret@127.0.0.1:1' }, 'redis: Redis cannot be reached'],
    [{ TOKEN_PEPPER: 'other:something-else' }, 'lacks the pepper 0'],
    [{ DATABASE_URL: 'sqlite:./garbage.sqlite' }, 'garbage.sqlite is no SQLite database (SQLITE_NOTADB)'],
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

  it.each([
    ['a plain secret', '', []],
    ['an id before the only secret', 'prod:', [expect.stringContaining('JWT_SECRET: contains ":"')]],
  ])('%s: says whether JWT_SECRET is taken for a list', async (_, prefix, expected) => {
    const secret = 'Kq8vB2nM5xZ1cV7lP0oI9uY6tR4eW3qA';
    const { warnings } = await findings({ JWT_SECRET: prefix + secret });
    expect(warnings.filter((line) => line.startsWith('JWT_SECRET'))).toEqual(expected);
    const list = await findings({ JWT_SECRET: `new:${secret},0:${secret.toLowerCase()}` });
    expect(list.findings).toContainEqual({
      level: 'ok',
      about: 'JWT_SECRET',
      says: '2 secrets, of which new signs',
    });
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
        'TOKEN_PEPPER: no session needs the pepper old any more',
      ]),
    );
  });

  it('counts the sessions that still need an old pepper', async () => {
    const { findings: found } = await findings({
      TOKEN_PEPPER: 'new:Zx1cV7lP0oI9uY6tR4eW3qAKq8vB2nM5,0:short',
    });
    expect(found).toContainEqual({
      level: 'ok',
      about: 'TOKEN_PEPPER',
      says: 'the pepper 0 is still needed: sessions that use it: 1, active: 1',
    });
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
