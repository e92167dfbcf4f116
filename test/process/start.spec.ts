import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Agent, get, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { join, resolve } from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import type { Envelope } from '../../src/response/envelope/envelope.js';
import { startFailure } from '../../src/start-failure.js';
import { API, encryptByDES, SAMPLE_TOKEN, startApp } from '../support/app.js';
import { selfSigned } from '../support/certificate.js';
import { STRONG_SECRETS } from '../support/secrets.js';
import { built, endAll, newFolder, ServiceProcess } from '../support/service-process.js';

const run = promisify(execFile);
beforeAll(built, 180_000);
afterAll(endAll);

const headers = (owner = 'ptdev', key = 'ptdev-58') => ({
  XownerId: owner,
  XverifyApi: encryptByDES(randomUUID(), key),
});
const refreshUrl = (token: string) => `${API}/auth/token/refresh?refreshToken=${token}`;

async function sampleAt(url: string, verify = headers()) {
  const response = await fetch(url + refreshUrl(SAMPLE_TOKEN), { headers: verify });
  return (await response.json()) as Envelope<TokenGrant>;
}

async function refused(env: Record<string, string>): Promise<string> {
  const server = await ServiceProcess.spawn(env);
  expect(await server.exited).toEqual({ code: 1, signal: null });
  expect(server.stderr).toMatch(/^bo-auth: [^\n]+\n$/);
  return server.stderr.slice('bo-auth: '.length).trim();
}

describe('npm start', () => {
  const folder = newFolder();
  let grant: TokenGrant;
  let successor: string;
  const post = (url: string, path: string, body: object, tenant = headers('acme', 'acme-key')) =>
    fetch(url + API + path, {
      method: 'POST',
      headers: { ...tenant, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const rotate = async (url: string, token: string) => {
    const response = await fetch(url + refreshUrl(token), { headers: headers('acme', 'acme-key') });
    return ((await response.json()) as Envelope<TokenGrant>).data?.refreshToken ?? '';
  };

  it('on an empty folder listens with demo data, and answers the README’s call', async () => {
    const server = await ServiceProcess.spawn({}, { folder });
    const url = await server.listening();
    const { stdout } = await run(process.execPath, [resolve('scripts/verify-header.mjs')]);
    const body = await sampleAt(url, { XownerId: 'ptdev', XverifyApi: stdout.trim() });
    expect(body).toMatchObject({ success: true, data: { tokenUser: { pushName: '开发管理员' } } });
    const login = await post(url, '/auth/token', { userName: 'alice', password: 'alice-password' });
    grant = ((await login.json()) as { data: TokenGrant }).data;
    successor = await rotate(url, grant.refreshToken);
    await post(url, '/auth/token/revoke', { refreshToken: SAMPLE_TOKEN }, headers());
    expect((await sampleAt(url)).error.errorCode).toBe('SESSION_LOGGED_OUT');
    expect(await server.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    expect(server.stderr).toBe('');
    for (const line of server.lines())
      expect(line).toMatchObject({ level: expect.any(String), time: expect.any(String) });
    // Nobody else on the machine can read it.
    const data = join(folder, 'data');
    const modes = [data, ...readdirSync(data).map((file) => join(data, file))].map((path) => [
      path,
      statSync(path).mode & (path.endsWith('.start') ? 0 : 0o077),
    ]);
    expect(modes).toEqual(modes.map(([path]) => [path, 0]));
    expect(modes.length).toBeGreaterThan(2);
  });

  it('after kill -9 has all its sessions, and renews the sample’s; ends cleanly on SIGTERM', async () => {
    // The .env file is read, and the process's own variables win.
    writeFileSync(join(folder, '.env'), 'LOG_LEVEL=debug\nPORT=nonsense\n');
    const server = await ServiceProcess.spawn({}, { folder });
    const url = await server.listening();
    expect(await rotate(url, grant.refreshToken)).toBe(successor);
    expect(await rotate(url, successor)).toMatch(/^[0-9A-Za-z]{32}$/);
    expect((await sampleAt(url)).success).toBe(true);

    const agent = new Agent({ keepAlive: true });
    const idle = await new Promise<IncomingMessage>((done) => {
      get(`${url}/health/live`, { agent }, done);
    });
    await text(idle);
    const logins = Array.from({ length: 6 }, async () => {
      const answer = await post(url, '/auth/token', { userName: 'bob', password: 'bob-password' });
      return ((await answer.json()) as Envelope<TokenGrant>).success;
    });
    // The first answer shows that the others, sent in the same moment, are being worked at.
    await Promise.race(logins);
    const ended = server.kill('SIGTERM');
    expect(await Promise.all(logins)).toEqual(Array.from(logins, () => true));
    expect(await ended).toEqual({ code: 0, signal: null });
    agent.destroy();
    expect(server.lines().some(({ level }) => level === 'debug')).toBe(true);
  });

  it('in production, over HTTPS, holds no demo data and no documentation', async () => {
    const { TLS_CERT_FILE, TLS_KEY_FILE } = await selfSigned('localhost');
    const server = await ServiceProcess.spawn({
      NODE_ENV: 'production',
      TLS_CERT_FILE,
      TLS_KEY_FILE,
      ...STRONG_SECRETS,
    });
    const url = await server.listening();
    expect(url).toMatch(/^https:/);
    const ask = async (path: string) => {
      const answer = await new Promise<IncomingMessage>((done, failed) => {
        getHttps(
          url.replace('127.0.0.1', 'localhost') + path,
          { ca: readFileSync(TLS_CERT_FILE), headers: headers(), agent: false, family: 4 },
          done,
        ).on('error', failed);
      });
      return { status: answer.statusCode, headers: answer.headers, text: await text(answer) };
    };
    const hsts = { 'strict-transport-security': 'max-age=31536000' };
    expect((await ask('/health/live')).headers).toMatchObject(hsts);
    expect((await ask('/%')).headers).toMatchObject(hsts);
    const shakesHands = async (options: ConnectionOptions) => {
      const socket = connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
      return once(socket, 'secureConnect').then(
        () => (socket.destroy(), true),
        () => false,
      );
    };
    expect(await shakesHands({ maxVersion: 'TLSv1.2' })).toBe(true);
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect(await shakesHands(old)).toBe(false);
    expect(await shakesHands({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' })).toBe(false);
    expect((await ask(refreshUrl(SAMPLE_TOKEN))).text).toContain('PROJECT_UNKNOWN');
    expect((await ask('/health/ready')).status).toBe(200);
    expect((await ask('/docs')).status).toBe(404);
    expect(await server.kill('SIGINT')).toEqual({ code: 0, signal: null });
    expect(server.lines().at(-1)).toMatchObject({ msg: 'stopping' });
    for (const secret of Object.values(STRONG_SECRETS)) expect(server.stdout).not.toContain(secret);
  });
});

describe('what cannot start says so in one line that names the variable', () => {
  it('as a process: on stderr alone, with exit code 1', async () => {
    const busy = createServer();
    await new Promise<void>((done) => {
      busy.listen(0, '127.0.0.1', done);
    });
    const { port } = busy.address() as AddressInfo;
    const lines = await Promise.all([
      refused({ PORT: '99999' }),
      refused({ PORT: String(port), DATABASE_URL: 'sqlite::memory:' }),
    ]);
    busy.close();
    for (const line of lines) expect(line).toMatch(/^PORT: /);
  });

  const memory = { DATABASE_URL: 'sqlite::memory:' };
  const failed = async (env: Record<string, string>) => {
    const failure = await startApp({ ...memory, LOG_LEVEL: 'silent', ...env }).then(
      async (test) => {
        const listened = await test.app
          .listen({ host: env['HOST'], port: 0 })
          .catch((error: unknown) => error);
        await test.close();
        return listened;
      },
      (error: unknown) => error,
    );
    return startFailure(failure);
  };

  it.each([
    ['TLS_CERT_FILE', { TLS_CERT_FILE: '/nonexistent', TLS_KEY_FILE: '/nonexistent' }],
    ['TLS_CERT_FILE', { TLS_CERT_FILE: '/etc/hostname', TLS_KEY_FILE: '/etc/hostname' }],
    ['HOST', { HOST: '192.0.2.1' }],
    [
      'DATABASE_URL: sqlite:/etc/hostname/x/y.sqlite has no folder',
      { DATABASE_URL: 'sqlite:/etc/hostname/x/y.sqlite' },
    ],
    ['DATABASE_URL: sqlite:/proc/x/y.sqlite has no folder', { DATABASE_URL: 'sqlite:/proc/x/y.sqlite' }],
    ['DATABASE_URL: sqlite:/etc/passwd', { DATABASE_URL: 'sqlite:/etc/passwd' }],
    ['DATABASE_URL: sqlite:/tmp cannot be opened', { DATABASE_URL: 'sqlite:/tmp' }],
    ['PLUGINS_DIR', { PLUGINS_DIR: '/etc/passwd' }],
  ])('%s: %j', async (begins, env) => {
    const line = await failed(env);
    expect(line.startsWith(begins)).toBe(true);
    expect(line).not.toContain('\n');
  });

  it('too few file descriptors', () => {
    const failure = Object.assign(new Error('EMFILE: too many open files'), {
      code: 'EMFILE',
      syscall: 'open',
    });
    expect(startFailure(failure)).toMatch(/^this process may open no more files \(EMFILE\): .+$/);
  });

  it('a key of another certificate', async () => {
    const [one, other] = await Promise.all([selfSigned('one'), selfSigned('other')]);
    expect(await failed({ ...one, TLS_KEY_FILE: other.TLS_KEY_FILE })).toMatch(/^TLS_KEY_FILE: /);
    expect(await failed({ ...one, TLS_KEY_FILE: one.TLS_CERT_FILE })).toMatch(/^TLS_KEY_FILE: /);
  });

  it.each(['process.exit(0);', 'try { process.exit(0); } catch {} module.exports = (data) => data;'])(
    'a plugin that ends the process: %s',
    async (text) => {
      const folder = newFolder();
      writeFileSync(join(folder, 'fn-ends.js'), text);
      expect(await failed({ PLUGINS_DIR: folder })).toBe('PLUGINS_DIR: fn-ends.js: calls process.exit');
    },
  );

  it('a plugin that does not load', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'fn-broken.js'), 'this is no JavaScript');
    expect(await failed({ PLUGINS_DIR: folder })).toMatch(/^PLUGINS_DIR: fn-broken\.js: /);
  });
});
