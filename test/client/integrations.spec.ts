import axios, { type AxiosInstance } from 'axios';
import { build } from 'esbuild';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runInNewContext } from 'node:vm';
import * as pureAdmin from '../../examples/integrations/pure-admin.js';
import { keepSignedIn as ruoyi } from '../../examples/integrations/ruoyi-vue3.js';
import * as soybean from '../../examples/integrations/soybean-admin.js';
import * as vben from '../../examples/integrations/vben5.js';
import * as yudao from '../../examples/integrations/yudao.js';
import { desVerify } from '../../packages/client/src/verify/des.js';
import type { LoginAuth } from '../../packages/client/src/index.js';
import { API, claimsOf, startApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/temporary.js';

/**
 * Each recipe of docs/integrations.md, against the real service and a backend that refuses the first access token that it
 * sees, in the way that the framework's backends do.
 */
let service: TestApp;
let backend: Server;
let url: string;
const firstTokens = new Set<string>();
let sid = '';

beforeAll(async () => {
  service = await startApp();
  await service.app.listen(0, '127.0.0.1');
  backend = createServer((request, response) => {
    const token = request.headers.authorization?.slice('Bearer '.length) ?? '';
    const session = token === '' ? '' : String(claimsOf(token)['sid']);
    const isRefused = session !== sid || firstTokens.has(token) || firstTokens.size === 0;
    if (session === sid && isRefused) firstTokens.add(token);
    const inBody = request.url?.startsWith('/body') ?? false;
    response.writeHead(isRefused && !inBody ? 401 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ code: isRefused ? 401 : 200, msg: 'ok', data: 'orders' }));
  });
  await new Promise<void>((listening) => backend.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
});
afterAll(async () => {
  backend.close();
  backend.closeAllConnections();
  await service.close();
});

const options = async () => ({
  baseUrl: `${await service.app.getUrl()}${API}`,
  ownerId: 'acme',
  verify: desVerify('acme-key'),
});

async function signIn(loginAuth: LoginAuth): Promise<void> {
  await loginAuth.login({ userName: 'alice', password: 'alice-password' });
  sid = String(claimsOf((await loginAuth.getToken()) ?? '')['sid']);
  firstTokens.clear();
}

/** An instance whose own interceptors log out on a 401, as those of the frameworks do. */
function instanceOf(more: object = {}): { instance: AxiosInstance; loggedOut: string[] } {
  // oxlint-disable-next-line import/no-named-as-default-member
  const instance = axios.create({ baseURL: url, ...more });
  const loggedOut: string[] = [];
  instance.interceptors.request.use((config) => {
    config.headers.Authorization = 'Bearer of-the-store';
    return config;
  });
  instance.interceptors.response.use(
    (response: { data: { code: number } }) => {
      if (response.data.code === 401) loggedOut.push('body');
      return response as never;
    },
    (error: unknown) => {
      loggedOut.push('status');
      throw error;
    },
  );
  return { instance, loggedOut };
}

/** @param ended what the framework is told when the session has ended */
async function works(
  loginAuth: LoginAuth,
  { instance, loggedOut }: ReturnType<typeof instanceOf>,
  path: string,
  ended: readonly unknown[],
): Promise<void> {
  await signIn(loginAuth);
  const answers = await Promise.all([1, 2, 3].map(() => instance.get<{ data: string }>(path)));
  expect(answers.map(({ data }) => data.data)).toEqual(['orders', 'orders', 'orders']);
  expect(loggedOut).toEqual([]);
  expect(firstTokens.size).toBe(1);
  await loginAuth.logout();
  await eventually('told', () => ended.length > 0);
}

test('vben 5', async () => {
  const client = instanceOf();
  const tokens: (string | null)[] = [];
  const loginAuth = vben.keepSignedIn(await options(), client, {
    setAccessToken: (token) => tokens.push(token),
  });
  const ended: unknown[] = [];
  loginAuth.onChange(({ type }) => type === 'signed-out' && ended.push(type));
  await works(loginAuth, client, '/orders', ended);
  await eventually('the store is empty', () => tokens.at(-1) === null);
  expect(tokens[0]).toEqual(expect.any(String));
});

test('soybean-admin', async () => {
  const { loginAuth, adapter } = soybean.keepSignedIn(await options(), ['401', '9999']);
  const ended: unknown[] = [];
  loginAuth.onChange(({ type }) => type === 'signed-out' && ended.push(type));
  await works(loginAuth, instanceOf({ adapter }), '/body', ended);
});

test('pure-admin', async () => {
  const client = instanceOf();
  const ended: unknown[] = [];
  const loginAuth = pureAdmin.keepSignedIn(await options(), client.instance, () => ended.push('logOut'));
  await works(loginAuth, client, '/orders', ended);
});

test('yudao', async () => {
  const client = instanceOf();
  const ended: unknown[] = [];
  const loginAuth = yudao.keepSignedIn(await options(), client.instance, () => ended.push('dialog'));
  await works(loginAuth, client, '/body', ended);
});

test('RuoYi-Vue3', async () => {
  const client = instanceOf();
  const ended: unknown[] = [];
  const loginAuth = ruoyi(await options(), client.instance, () => ended.push('login page'));
  await works(loginAuth, client, '/body', ended);
});

test('a page without a build step', async () => {
  const entry = (name: string) => `packages/client/src/${name}.ts`;
  const { outputFiles } = await build({
    entryPoints: [entry('global'), entry('global-des'), 'examples/integrations/without-build.js'],
    bundle: true,
    write: false,
    outdir: 'out',
    format: 'iife',
  });
  const page: Record<string, unknown> = {
    ...{ fetch, Request, Response, Headers, URL, AbortController, AbortSignal, setTimeout, clearTimeout },
    ...{ TextEncoder, crypto, Error, boAuth: { baseUrl: (await options()).baseUrl } },
    $: {
      ajax: (settings: {
        url: string;
        headers: Record<string, string>;
        complete: (answer: object) => void;
      }) => void fetch(settings.url, settings).then(settings.complete),
    },
  };
  for (const { text } of outputFiles) runInNewContext(text, page);
  const { loginAuth, ajax } = page as unknown as {
    loginAuth: LoginAuth;
    ajax: (settings: object) => Promise<{ status: number }>;
  };
  await signIn(loginAuth);
  expect((await ajax({ url: `${url}/orders` })).status).toBe(200);
  expect(firstTokens.size).toBe(1);
  await loginAuth.logout();
  expect((await ajax({ url: `${url}/orders` })).status).toBe(401);
});
