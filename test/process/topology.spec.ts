import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get, type RequestOptions } from 'node:https';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import type { Envelope } from '../../src/response/envelope/envelope.js';
import type { FeedResponse } from '../../src/oauth/feed/feed-reader.js';
import { API, claimsOf, encryptByDES } from '../support/app.js';
import { selfSigned } from '../support/certificate.js';
import { TestCommandLine } from '../support/command-line.js';
import { TestDatabase } from '../support/database.js';
import { findNginx } from '../support/nginx.js';
import { RedisServer } from '../support/redis.js';
import { endAll, ServiceProcess } from '../support/service-process.js';
import { eventually, freePort, temporaryFolder } from '../support/temporary.js';
import { STRONG_SECRETS } from '../support/secrets.js';

const START_MS = 300_000;

/** What deploy/compose.yaml starts, as plain processes: only the addresses differ. */
describe('two services, Postgres and Redis behind nginx', () => {
  const folder = temporaryFolder();
  let database: TestDatabase;
  let redis: RedisServer;
  let services: ServiceProcess[] = [];
  let nginx: ChildProcess | undefined;
  let front: string;
  /** The same over TLS, as compose.tls.yaml adds it. */
  let secureFront: string;
  let environment: Record<string, string>;
  /** Ends what asks again and again. */
  const stopping = new AbortController();
  /** Of a service that reads the revocation feed. */
  let authorization: string;

  const ask = async (path: string, init: RequestInit = {}, origin = front): Promise<Response> =>
    fetch(origin + path, {
      ...init,
      headers: {
        XownerId: 'shop',
        XverifyApi: encryptByDES(`${randomUUID()}|${Date.now()}`, 'shop-key'),
        ...(init.body !== undefined && { 'content-type': 'application/json' }),
        ...(init.headers as Record<string, string>),
      },
    });
  const post = (path: string, body: object, origin = front) =>
    ask(API + path, { method: 'POST', body: JSON.stringify(body) }, origin);
  const dataOf = async (answer: Response) => {
    const body = (await answer.json()) as Envelope<TokenGrant>;
    if (body.data === null) throw new Error(`${answer.status} ${JSON.stringify(body)}`);
    return body.data;
  };
  const login = async () => dataOf(await post('/auth/token', { userName: 'bob', password: 'bob-password' }));
  const refresh = (token: string, origin = front) =>
    ask(`${API}/auth/token/refresh?refreshToken=${token}`, {}, origin);
  const readFeed = async (query: string, from = front) => {
    const answer = await fetch(`${from}${API}/oauth/shop/revocations?${query}`, {
      headers: { authorization },
    });
    if (answer.status !== 200) throw new Error(`the feed answered ${answer.status}`);
    return (await answer.json()) as FeedResponse;
  };
  const sidOf = ({ accessToken }: TokenGrant) => String(claimsOf(accessToken)['sid']);
  const origin = (index: number) => `http://127.0.0.1:${services[index]?.port}`;

  beforeAll(async () => {
    [database, redis] = await Promise.all([TestDatabase.create(), RedisServer.start()]);
    const stores = { DATABASE_URL: database.url, REDIS_URL: redis.url };
    environment = {
      NODE_ENV: 'production',
      TRUSTED_PROXIES: '127.0.0.2',
      LOG_LEVEL: 'info',
      PUBLIC_URL: 'https://auth.example.com',
      ...STRONG_SECRETS,
      ...stores,
    };
    // The migration job, before there is any service.
    const commandLine = new TestCommandLine(folder.path, environment);
    const run = async (input: string, ...args: string[]) =>
      expect(await commandLine.run(args, { input })).toMatchObject({ code: 0 });
    await run('', 'migrate');
    await run('shop-key\n', 'project', 'add', 'shop', '--verify-cipher', 'des-ecb', '--verify-key-file', '-');
    await run('bob-password', 'user', 'add', 'shop', 'bob', '--password-file', '-');
    const client = await commandLine.run([
      'client',
      'add',
      'shop',
      'api',
      '--type',
      'confidential',
      '--json',
    ]);
    const { clientSecret } = JSON.parse(client.stdout) as { clientSecret: string };
    authorization = `Basic ${Buffer.from(`api:${clientSecret}`).toString('base64')}`;
    services = await Promise.all([ServiceProcess.start(environment), ServiceProcess.start(environment)]);
    const [port, tlsPort] = [await freePort(), await freePort()];
    front = `http://127.0.0.1:${port}`;
    secureFront = `https://127.0.0.1:${tlsPort}`;
    const conf = readFileSync(resolve('deploy/nginx/bo-auth.conf'), 'utf8')
      .replace('bo-auth-1:58582', `127.0.0.1:${services[0]?.port}`)
      .replace('bo-auth-2:58582', `127.0.0.1:${services[1]?.port}`)
      .replace('listen 58582', `listen 127.0.0.1:${port}`)
      // nginx has its own address, as in the Compose network.
      .replace('proxy_http_version', 'proxy_bind 127.0.0.2;\n    proxy_http_version')
      .replace('/var/log/nginx', folder.path);
    writeFileSync(`${folder.path}/bo-auth.conf`, conf);
    const { TLS_CERT_FILE, TLS_KEY_FILE } = await selfSigned('bo-auth');
    mkdirSync(`${folder.path}/bo-auth.d`);
    writeFileSync(
      `${folder.path}/bo-auth.d/tls.conf`,
      readFileSync(resolve('deploy/nginx/tls.conf'), 'utf8')
        .replace('listen 58443', `listen 127.0.0.1:${tlsPort}`)
        .replace('/etc/nginx/tls/tls.crt', TLS_CERT_FILE)
        .replace('/etc/nginx/tls/tls.key', TLS_KEY_FILE),
    );
    writeFileSync(
      `${folder.path}/nginx.conf`,
      `daemon off; pid ${folder.path}/pid; error_log ${folder.path}/error.log;\n` +
        `events {}\nhttp { include ${folder.path}/bo-auth.conf; }\n`,
    );
    const args = ['-p', folder.path, '-c', `${folder.path}/nginx.conf`];
    execFileSync(findNginx(), ['-t', '-q', ...args]);
    nginx = spawn(findNginx(), args, { stdio: 'ignore' });
    await eventually('nginx answers', () =>
      fetch(`${front}/health/ready`).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  }, START_MS);
  afterAll(async () => {
    stopping.abort();
    if (nginx !== undefined && nginx.exitCode === null) {
      nginx.kill('SIGTERM');
      await once(nginx, 'exit');
    }
    await Promise.all(services.map((service) => service.kill('SIGKILL')));
    endAll();
    await redis?.stop();
    await database?.drop();
    folder.remove();
  });

  it('fifty parallel refreshes of one token at both: fifty 200s, one distinct successor', async () => {
    const grant = await login();
    const origins = [front, origin(0), origin(1)];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => refresh(grant.refreshToken, origins[index % 3])),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    const grants = await Promise.all(answers.map(dataOf));
    expect(new Set(grants.map(({ tokenSeq, refreshToken }) => `${tokenSeq} ${refreshToken}`)).size).toBe(1);
    expect(grants[0]).toMatchObject({
      tokenSeq: 2,
      refreshToken: expect.not.stringMatching(grant.refreshToken),
    });
    expect((await dataOf(await refresh(String(grants[0]?.refreshToken)))).tokenSeq).toBe(3);
  });

  it('serves HTTPS with current protocols only, and tells clients to stay there', async () => {
    const asked = async (options: RequestOptions = {}) => {
      const request = get(`${secureFront}/health/ready`, { rejectUnauthorized: false, ...options });
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      answer.resume();
      return { status: answer.statusCode, hsts: answer.headers['strict-transport-security'] };
    };
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
      expect(await asked({ maxVersion })).toEqual({ status: 200, hsts: 'max-age=31536000' });
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    await expect(asked(old)).rejects.toThrow(/protocol version/);
  });

  it('sees at one what was revoked at the other', async () => {
    const grant = await login();
    const user = () =>
      ask(`${API}/auth/user`, { headers: { authorization: `Bearer ${grant.accessToken}` } }, origin(1));
    expect((await user()).status).toBe(200);
    const { cursor } = await readFeed('', origin(1));
    const feed = readFeed(`after=${cursor}&wait=30`, origin(1));
    await post('/auth/token/revoke', { refreshToken: grant.refreshToken }, origin(0));
    await eventually('the other refuses', async () => (await user()).status === 401, 2_000);
    const late = sleep(5_000, null, { ref: false });
    expect((await Promise.race([feed, late]))?.ended.map(({ sid }) => sid)).toEqual([sidOf(grant)]);
  });

  it('believes nginx alone who the client is, and gives the metrics to nobody', async () => {
    await ask('/by-nginx', { headers: { 'x-forwarded-for': '192.0.2.7' } });
    await ask('/directly', { headers: { 'x-forwarded-for': '192.0.2.8' } }, origin(0));
    const log = () => services.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    await eventually('both are logged', () => log().includes('/by-nginx') && log().includes('/directly'));
    expect(log()).not.toContain('192.0.2.');
    expect(log()).not.toContain('"ip":"127.0.0.2"');
    expect((await fetch(`${front}/metrics`)).status).toBe(404);
  });

  it(
    'ends one service after the other under load, the first replaced, without a failed request, and logs no token',
    async () => {
      let answers = 0;
      const failures: string[] = [];
      let presented = '';
      const clients = Array.from({ length: 6 }, async (_, index) => {
        let token = (await login()).refreshToken;
        presented = token;
        while (!stopping.signal.aborted) {
          try {
            const answer =
              index % 2 === 0
                ? await refresh(token)
                : await post('/auth/token/refresh', { refreshToken: token });
            if (answer.status !== 200) throw new Error(`${answer.status}`);
            token = (await dataOf(answer)).refreshToken;
            answers++;
          } catch (error) {
            failures.push(String(error));
          }
          // The starting service needs CPU time, too.
          await sleep(25);
        }
      });
      const seen = new Set<string>();
      const reader = (async () => {
        let { cursor } = await readFeed('');
        while (!stopping.signal.aborted) {
          try {
            const page = await readFeed(`after=${cursor}&wait=30`);
            cursor = page.cursor;
            for (const { sid } of page.ended) seen.add(sid);
          } catch (error) {
            failures.push(String(error));
          }
        }
      })();
      const end = async (old: ServiceProcess) => {
        const before = answers;
        const { cursor } = await readFeed('', old.url);
        const waiting = readFeed(`after=${cursor}&wait=30`, old.url);
        await eventually('requests', () => answers > before + 20);
        expect((await old.kill('SIGTERM')).code).toBe(0);
        expect((await waiting).ended).toEqual([]);
      };
      const [first, second] = services as [ServiceProcess, ServiceProcess];
      await end(first);
      const next = await ServiceProcess.start({ ...environment, PORT: String(first.port) });
      services.push(next);
      // For `fail_timeout` nginx sends it nothing; if the other one stopped meanwhile, none would be left.
      await eventually('nginx uses it again', () => next.stdout.includes('auth/token'));
      await end(second);
      const before = answers;
      await eventually('requests at the new one', () => answers > before + 20);
      const last = await login();
      await post('/auth/token/revoke', { refreshToken: last.refreshToken });
      await eventually('the reader knows', () => seen.has(sidOf(last)));
      stopping.abort();
      await post('/auth/token/revoke', { refreshToken: (await login()).refreshToken });
      await Promise.all([...clients, reader]);
      expect(failures).toEqual([]);
      const logs = ['access.log', 'error.log'].map((name) => readFileSync(`${folder.path}/${name}`, 'utf8'));
      expect(logs.join('')).not.toMatch(new RegExp(`refreshToken|${presented}`));
    },
    START_MS,
  );
});
