import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join, resolve } from 'node:path';
import { call, login, refresh, dataOf, startApp, type TestApp } from '../support/app.js';
import { findNginx } from '../support/nginx.js';
import { addClient, basic, type Client, oauth } from '../support/oauth.js';
import { eventually, freePort, temporaryFolder } from '../support/temporary.js';
import { signWith } from '../auth/signing-key-service.js';

/** The examples of docs/resource-servers.md in other languages, and behind nginx, beside the service. */
const EXAMPLES = 'examples/resource-servers';
const GO_PATH = '/usr/share/gocode';
const works = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
// Debian's modules fit Debian's own Python, which need not be the first on the PATH.
const python = ['/usr/bin/python3', 'python3'].find((each) => works(each, '-c', 'import jwt, cryptography'));
const hasGo = works('go', 'version') && existsSync(`${GO_PATH}/src/gopkg.in/square/go-jose.v2`);
const nginx = ((): string | null => {
  try {
    return findNginx();
  } catch {
    return null;
  }
})();

const folder = temporaryFolder();
const children: ChildProcess[] = [];
let test: TestApp;
let env: Record<string, string>;
let service: Client;
let backend: Server | undefined;

beforeAll(async () => {
  test = await startApp({ PUBLIC_URL: 'https://auth.example.com' });
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  await signWith(test, 'acme', 'ES256');
  // The id has to be encoded in the header.
  const { clientId, clientSecret } = await addClient(test, { clientId: 'orders:1', type: 'confidential' });
  service = await addClient(test, { clientId: 'batch', type: 'confidential' });
  env = {
    PATH: process.env['PATH'] ?? '',
    BO_AUTH_URL: await test.app.getUrl(),
    BO_AUTH_PROJECT: 'acme',
    BO_AUTH_CLIENT: clientId,
    BO_AUTH_SECRET: clientSecret,
  };
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  backend?.close();
  backend?.closeAllConnections();
  await test.close();
  folder.remove();
});

function run(command: string, args: readonly string[], port: number): void {
  children.push(spawn(command, args, { env: { ...env, PORT: String(port) }, stdio: 'inherit' }));
}

async function answers(url: string): Promise<string> {
  await eventually(
    'listening',
    () =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    60_000,
  );
  return url;
}

/** The token of a service for itself. */
async function serviceToken(): Promise<string> {
  const { body } = await oauth(test, 'token', { grant_type: 'client_credentials' }, basic(service));
  return String(body['access_token']);
}

async function startPython(): Promise<string> {
  const port = await freePort();
  run(python!, [`${EXAMPLES}/resource_server.py`], port);
  return answers(`http://127.0.0.1:${port}/orders`);
}

async function startGo(): Promise<string> {
  const program = join(folder.path, 'resource-server');
  execFileSync('go', ['build', '-o', program, `${EXAMPLES}/main.go`], {
    env: { ...process.env, GO111MODULE: 'off', GOPATH: GO_PATH, GOCACHE: resolve('node_modules/.cache/go') },
  });
  const port = await freePort();
  run(program, [], port);
  return answers(`http://127.0.0.1:${port}/orders`);
}

/** nginx, the verifier that it asks, and a service behind it that answers with the user it was told. */
async function startNginx(): Promise<string> {
  const ports = { 8080: await freePort(), 8081: await freePort(), 8082: await freePort() };
  const source = `--import=${resolve('test/runner/typescript.mjs')}`;
  run(process.execPath, [source, `${EXAMPLES}/auth-request.mjs`], ports[8081]);
  backend = createServer(({ headers }, response) =>
    response.end(JSON.stringify({ user: headers['x-user'] })),
  );
  backend.listen(ports[8082], '127.0.0.1');
  let config = readFileSync(`${EXAMPLES}/nginx.conf`, 'utf8');
  for (const [documented, port] of Object.entries(ports))
    config = config.replaceAll(`:${documented}`, `:${port}`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((each) => `${each}_temp_path ${folder.path}/${each};`)
    .join(' ');
  const file = join(folder.path, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder.path}/pid; error_log stderr;
     events {} http { access_log off; ${temporary} ${config} }`,
  );
  run(nginx!, ['-c', file, '-p', folder.path], 0);
  await answers(`http://127.0.0.1:${ports[8081]}/`);
  return answers(`http://127.0.0.1:${ports[8080]}/orders`);
}

const SERVERS: readonly [string, boolean, () => Promise<string>][] = [
  ['Python', python !== undefined, startPython],
  ['nginx', nginx !== null, startNginx],
  ['Go', hasGo, startGo],
];

describe.each(SERVERS)('a resource server with %s', (_name, isHere, start) => {
  (isHere ? it : it.skip)(
    'accepts tokens of the project alone, and a new key',
    async () => {
      const url = await start();
      const get = async (token?: string) => {
        const response = await fetch(url, {
          // A client may not name the user.
          headers: { 'x-user': 'admin', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
        });
        const text = await response.text();
        return response.status === 200 ? text.replaceAll(/\s/g, '') : String(response.status);
      };
      const accepted = '{"user":"alice"}';
      const grant = await login(test);
      // At the start, the keys and the feed are read first.
      await eventually('accepted', async () => (await get(grant.accessToken)) === accepted, 30_000);
      expect(await get()).toBe('401');
      expect(await get(`${grant.accessToken.slice(0, -4)}AAAA`)).toBe('401');
      const foreign = await login(test, {
        owner: 'ptdev',
        payload: { userName: 'dev', password: 'dev-password' },
      });
      expect(await get(foreign.accessToken)).toBe('401');
      const [, claims] = grant.accessToken.split('.');
      const none = Buffer.from('{"alg":"none"}').toString('base64url');
      expect(await get(`${none}.${claims}.`)).toBe('401');
      // A service is refused, or passed on without a user.
      expect(['401', '{"user":""}', '{}']).toContain(await get(await serviceToken()));

      await signWith(test, 'acme', 'ES256');
      const renewed = dataOf(await refresh(test, grant.refreshToken));
      // The example in Go reads its keys at most once per second.
      await eventually('the new key', async () => (await get(renewed.accessToken)) === accepted);
      expect(await get(grant.accessToken)).toBe(accepted);

      const other = await login(test);
      const { refreshToken } = renewed;
      await call(test, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } });
      await eventually('refused', async () => (await get(renewed.accessToken)) === '401');
      expect(await get(other.accessToken)).toBe(accepted);
      await call(test, { method: 'DELETE', url: '/auth/sessions?scope=all', bearer: other.accessToken });
      await eventually('refused everywhere', async () => (await get(other.accessToken)) === '401');
      expect(await get((await login(test)).accessToken)).toBe(accepted);
    },
    120_000,
  );
});

it.each(['docs/resource-servers.md', 'docs/resource-servers.zh-CN.md'])(
  '%s has the examples as they are',
  (page) => {
    const text = readFileSync(page, 'utf8');
    for (const file of ['resource_server.py', 'auth-request.mjs', 'nginx.conf', 'main.go'])
      expect(text).toContain(`\n${readFileSync(`${EXAMPLES}/${file}`, 'utf8')}\`\`\`\n`);
  },
);
