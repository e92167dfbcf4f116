import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join, resolve } from 'node:path';
import { call, login, refresh, dataOf, startApp, type TestApp } from '../support/app.js';
import { findNginx } from '../support/nginx.js';
import { addClient } from '../support/oauth.js';
import { eventually, freePort, temporaryFolder } from '../support/temporary.js';
import { signWith } from '../auth/signing-key-service.js';

/** The examples of docs/resource-servers.md in other languages, and behind nginx, beside the service. */
const EXAMPLES = 'examples/resource-servers';
const GO_JWT = '/usr/share/gocode/src/github.com/golang-jwt/jwt';
const works = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const python = ['python3', '/usr/bin/python3'].find((each) => works(each, '-c', 'import jwt, cryptography'));
const hasGo = works('go', 'version') && existsSync(GO_JWT);
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
let backend: Server | undefined;

beforeAll(async () => {
  test = await startApp({ PUBLIC_URL: 'https://auth.example.com' });
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  await signWith(test, 'acme', 'ES256');
  const { clientId, clientSecret } = await addClient(test, { clientId: 'orders', type: 'confidential' });
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
  children.push(spawn(command, args, { env: { ...env, PORT: String(port) }, stdio: 'ignore' }));
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

async function startPython(): Promise<string> {
  const port = await freePort();
  run(python!, [`${EXAMPLES}/resource_server.py`], port);
  return answers(`http://127.0.0.1:${port}/orders`);
}

async function startGo(): Promise<string> {
  const program = join(folder.path, 'resource-server');
  writeFileSync(
    join(folder.path, 'go.mod'),
    `module resource-server\nrequire github.com/golang-jwt/jwt/v4 v4.4.3\nreplace github.com/golang-jwt/jwt/v4 => ${GO_JWT}\n`,
  );
  writeFileSync(join(folder.path, 'main.go'), readFileSync(`${EXAMPLES}/main.go`));
  execFileSync('go', ['build', '-o', program, '.'], {
    cwd: folder.path,
    env: { ...process.env, GOFLAGS: '-mod=mod', GOPROXY: 'off' },
  });
  const port = await freePort();
  run(program, [], port);
  return answers(`http://127.0.0.1:${port}/orders`);
}

/** nginx, the verifier that it asks, and a service behind it that answers with the caller it was told. */
async function startNginx(): Promise<string> {
  const ports = { 8080: await freePort(), 8081: await freePort(), 8082: await freePort() };
  const source = `--import=${resolve('test/runner/typescript.mjs')}`;
  run(process.execPath, [source, `${EXAMPLES}/auth-request.mjs`], ports[8081]);
  backend = createServer(({ headers }, response) =>
    response.end(JSON.stringify({ caller: headers['x-caller'] })),
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

const SERVERS: readonly [string, boolean, boolean, () => Promise<string>][] = [
  ['Python', python !== undefined, true, startPython],
  ['nginx', nginx !== null, true, startNginx],
  ['Go', hasGo, false, startGo],
];

describe.each(SERVERS)('a resource server with %s', (_name, isHere, followsFeed, start) => {
  (isHere ? it : it.skip)(
    'accepts tokens of the project alone, and a new key',
    async () => {
      const url = await start();
      const get = async (token?: string) => {
        const response = await fetch(url, {
          // A client may not name the caller.
          headers: { 'x-caller': 'admin', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
        });
        const text = await response.text();
        return response.status === 200 ? text.replaceAll(/\s/g, '') : String(response.status);
      };
      const accepted = '{"caller":"alice"}';
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

      await signWith(test, 'acme', 'ES256');
      const renewed = dataOf(await refresh(test, grant.refreshToken));
      // The example in Go reads its keys at most once per second.
      await eventually('the new key', async () => (await get(renewed.accessToken)) === accepted);
      expect(await get(grant.accessToken)).toBe(accepted);

      const { refreshToken } = renewed;
      await call(test, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } });
      if (followsFeed) await eventually('refused', async () => (await get(renewed.accessToken)) === '401');
      else expect(await get(renewed.accessToken)).toBe(accepted);
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
