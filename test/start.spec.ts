import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, get, request, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { TokenGrant } from '../src/auth/token-grant.js';
import type { Envelope } from '../src/response/envelope.js';
import { API, encryptByDES, SAMPLE_TOKEN } from './support/app.js';
import { newFolder, endAll, ServerProcess } from './support/server-process.js';

const run = promisify(execFile);
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
  const server = await ServerProcess.spawn(env);
  expect(await server.exited).toEqual({ code: 1, signal: null });
  expect(server.stderr).toMatch(/^bo-auth: [^\n]+\n$/);
  return server.stderr.slice('bo-auth: '.length).trim();
}

describe('npm start on an empty folder', () => {
  it('listens with demo data, answers the README’s call, and ends cleanly on SIGTERM', async () => {
    const server = await ServerProcess.spawn({});
    const url = await server.listening();
    const script = resolve('scripts/verify-header.mjs');
    const { stdout } = await run(process.execPath, [script]);
    const body = await sampleAt(url, { XownerId: 'ptdev', XverifyApi: stdout.trim() });
    expect(body).toMatchObject({ success: true, data: { tokenUser: { pushName: '开发管理员' } } });
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(server.stderr).toBe('');
    // Every line is one JSON object with a level and a time.
    for (const line of server.lines())
      expect(line).toMatchObject({ level: expect.any(String), time: expect.any(String) });
  });

  it('keeps its sessions over kill -9, and renews the sample’s', async () => {
    const first = await ServerProcess.spawn({});
    let url = await first.listening();
    const login = await fetch(`${url}${API}/auth/token`, {
      method: 'POST',
      headers: { ...headers('acme', 'acme-key'), 'content-type': 'application/json' },
      body: JSON.stringify({ userName: 'alice', password: 'alice-password' }),
    });
    const { data } = (await login.json()) as Envelope<TokenGrant>;
    const rotate = async (token: string) => {
      const response = await fetch(url + refreshUrl(token), { headers: headers('acme', 'acme-key') });
      return ((await response.json()) as Envelope<TokenGrant>).data?.refreshToken;
    };
    const successor = await rotate(data?.refreshToken ?? '');
    await fetch(`${url}${API}/auth/token/revoke`, {
      method: 'POST',
      headers: { ...headers(), 'content-type': 'application/json' },
      body: JSON.stringify({ refreshToken: SAMPLE_TOKEN }),
    });
    expect((await sampleAt(url)).error.errorCode).toBe('REFRESH_TOKEN_EXPIRED');
    expect(await first.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });

    const second = await ServerProcess.spawn({}, first.folder);
    url = await second.listening();
    expect(await rotate(data?.refreshToken ?? '')).toBe(successor);
    expect(await rotate(successor ?? '')).toMatch(/^\w{32}$/);
    expect((await sampleAt(url)).success).toBe(true);
    expect(await second.kill('SIGINT')).toEqual({ code: 0, signal: null });
  });

  it('reads a .env file, and lets the process’s own variables win', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, '.env'), 'LOG_LEVEL=debug\nDATABASE_URL=sqlite::memory:\nPORT=nonsense\n');
    const server = await ServerProcess.spawn({}, folder);
    await server.listening();
    await server.kill('SIGTERM');
    expect(server.lines().some(({ level }) => level === 'debug')).toBe(true);
    expect(() => readFileSync(join(folder, 'data/bo-auth.sqlite'))).toThrow('ENOENT');
  });
});

describe('SIGTERM', () => {
  it('lets what is in flight complete, and closes idle connections', async () => {
    const server = await ServerProcess.spawn({});
    const url = await server.listening();
    const agent = new Agent({ keepAlive: true });
    const idle = await new Promise<IncomingMessage>((done) => {
      get(`${url}/health/live`, { agent }, done);
    });
    await text(idle);
    const logins = Array.from({ length: 6 }, async () => {
      const answer = await new Promise<IncomingMessage>((done, failed) => {
        request(
          `${url}${API}/auth/token`,
          { method: 'POST', headers: { ...headers('acme', 'acme-key'), 'content-type': 'application/json' } },
          done,
        )
          .on('error', failed)
          .end(JSON.stringify({ userName: 'bob', password: 'bob-password' }));
      });
      return (JSON.parse(await text(answer)) as Envelope<TokenGrant>).success;
    });
    // The first answer shows that the others, sent in the same moment, have been accepted.
    await Promise.race(logins);
    const ended = server.kill('SIGTERM');
    expect(await Promise.all(logins)).toEqual(Array.from(logins, () => true));
    expect(await ended).toEqual({ code: 0, signal: null });
    agent.destroy();
  });
});

describe('what cannot start says so in one line that names the variable', () => {
  it.each([
    ['PORT', { PORT: '99999' }],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://x' }],
    ['JWT_SECRET', { NODE_ENV: 'production' }],
    ['TOKEN_PEPPER', { NODE_ENV: 'production', JWT_SECRET: 'j'.repeat(32), TOKEN_PEPPER: 'short' }],
    ['TLS_CERT_FILE', { TLS_CERT_FILE: '/nonexistent', TLS_KEY_FILE: '/nonexistent' }],
    ['TLS_CERT_FILE', { TLS_CERT_FILE: '/etc/hostname', TLS_KEY_FILE: '/etc/hostname' }],
    ['HOST', { HOST: '192.0.2.1' }],
    ['HOST', { HOST: 'no such host' }],
    ['DATABASE_URL', { DATABASE_URL: 'sqlite:/etc/hostname/x/y.sqlite' }],
    ['DATABASE_URL', { DATABASE_URL: 'sqlite:/etc/passwd' }],
    ['DATABASE_URL', { DATABASE_URL: 'sqlite:/tmp' }],
    ['PLUGINS_DIR', { PLUGINS_DIR: '/etc/passwd', DATABASE_URL: 'sqlite::memory:' }],
  ])('%s: %j', async (name, env) => {
    expect(await refused(env)).toMatch(new RegExp(`^${name}: `));
  });

  it('a busy port', async () => {
    const busy = createServer();
    await new Promise<void>((done) => {
      busy.listen(0, '127.0.0.1', done);
    });
    const { port } = busy.address() as AddressInfo;
    expect(await refused({ PORT: String(port), DATABASE_URL: 'sqlite::memory:' })).toMatch(/^PORT: /);
    busy.close();
  });

  it('a plugin that does not load', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'plugins'));
    writeFileSync(join(folder, 'plugins/fn-broken.js'), 'this is no JavaScript');
    const env = { PLUGINS_DIR: join(folder, 'plugins'), DATABASE_URL: 'sqlite::memory:' };
    expect(await refused(env)).toMatch(/^PLUGINS_DIR: fn-broken\.js: /);
  });
});

describe('production', () => {
  it('holds no demo data and no default secret', async () => {
    const env = { NODE_ENV: 'production', JWT_SECRET: 'j'.repeat(32), TOKEN_PEPPER: 'p'.repeat(32) };
    const server = await ServerProcess.spawn(env);
    const url = await server.listening();
    expect((await sampleAt(url)).error.errorCode).toBe('PROJECT_UNKNOWN');
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect((await fetch(`${url}/docs`)).status).toBe(404);
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(server.stdout).not.toContain('j'.repeat(32));
  });
});

describe('HTTPS', () => {
  it('is served with a certificate and its key, and refused with another’s', async () => {
    const folder = newFolder();
    const pair = async (name: string) => {
      const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
      await run('openssl', [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
        ...['-keyout', keyFile, '-out', certFile],
      ]);
      return { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile };
    };
    const [one, other] = [await pair('one'), await pair('other')];
    expect(await refused({ ...one, TLS_KEY_FILE: other.TLS_KEY_FILE })).toMatch(/^TLS_KEY_FILE: /);

    const server = await ServerProcess.spawn({ ...one, DATABASE_URL: 'sqlite::memory:' });
    const url = await server.listening();
    expect(url).toMatch(/^https:/);
    const answer = await new Promise<IncomingMessage>((done, failed) => {
      getHttps(
        url.replace('127.0.0.1', 'localhost') + refreshUrl(SAMPLE_TOKEN),
        {
          ca: readFileSync(one.TLS_CERT_FILE),
          headers: headers(),
          agent: false,
          family: 4,
        },
        done,
      ).on('error', failed);
    });
    expect((JSON.parse(await text(answer)) as Envelope<TokenGrant>).success).toBe(true);
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});
