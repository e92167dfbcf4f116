import { AxiosError, create } from 'axios';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { attachAxios } from '../../packages/client/src/adapter/axios.js';
import { withAccessToken } from '../../packages/client/src/adapter/fetch.js';
import { createLoginFetch } from '../../packages/client/src/adapter/ofetch.js';
import type { LoginAuth } from '../../packages/client/src/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { BrowserProfile } from './browser-profile.js';
import { Network } from './network.js';

/** A business API that knows the newest access token alone; with `?body`, it says so in the body of a 200. */
let api: Server;
let url: string;
let service: TestApp;
let network: Network;
let auth: LoginAuth;
let refuses = 0;
const asked: { authorization: string | undefined; body: string }[] = [];

beforeAll(async () => {
  service = await startApp();
  api = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push({ authorization: request.headers.authorization, body });
      const code = refuses-- > 0 ? 401 : 200;
      response.writeHead(request.url?.includes('body') ? 200 : code, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ code, data: 'the answer' }));
    });
  });
  await new Promise<void>((listening) => api.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
});
afterAll(async () => {
  api.close();
  api.closeAllConnections();
  await service.close();
});
beforeEach(async () => {
  network = new Network(service);
  ({ auth } = new BrowserProfile(network).open());
  await auth.login({ userName: 'alice', password: 'alice-password' });
  asked.length = 0;
  refuses = 0;
});

const REFRESH = '/auth/token/refresh';

function axiosInstance(options: Parameters<typeof attachAxios>[2] = {}, own?: 'fetch') {
  const instance = create({ baseURL: url, ...(own && { adapter: own }) });
  const refused: number[] = [];
  attachAxios(auth, instance, options);
  instance.interceptors.response.use(undefined, (error: AxiosError) => {
    refused.push(error.response?.status ?? 0);
    throw error;
  });
  return { instance, refused };
}

describe.each(['http', 'fetch'] as const)('axios, with its adapter %s', (kind) => {
  const own = kind === 'fetch' ? kind : undefined;

  it('sends the token, and repeats a refused request once: interceptors see its final answer', async () => {
    const { instance, refused } = axiosInstance({}, own);
    refuses = 1;
    const before = await auth.getToken();
    const answer = await instance.post<{ data: string }>('/orders', { name: '订单' });
    expect(answer.data.data).toBe('the answer');
    expect(asked.map(({ authorization }) => authorization)).toEqual([
      `Bearer ${before}`,
      `Bearer ${await auth.getToken()}`,
    ]);
    expect(asked.map(({ body }) => body)).toEqual(['{"name":"订单"}', '{"name":"订单"}']);
    expect([refused, network.count(REFRESH)]).toEqual([[], 1]);
  });

  it('repeats it once at most', async () => {
    const { instance, refused } = axiosInstance({}, own);
    refuses = 9;
    await expect(instance.get('/orders')).rejects.toMatchObject({ response: { status: 401 } });
    expect([asked.length, refused, auth.user?.userId]).toEqual([2, [401], 'alice']);
  });

  it('shows no 401 when the refresh fails: the user stays signed in', async () => {
    const { instance, refused } = axiosInstance({}, own);
    refuses = 1;
    network.fail(REFRESH, { status: 503, retryAfter: 30 });
    await expect(instance.get('/orders')).rejects.toMatchObject({ code: 'UNAVAILABLE', status: 503 });
    expect([refused, auth.user?.userId]).toEqual([[0], 'alice']);
  });

  it('knows a refused token by the body, where a backend always answers 200', async () => {
    const isRefused = ({ data }: { data: unknown }) => String(data).startsWith('{"code":401');
    const { instance } = axiosInstance({ isRefused }, own);
    refuses = 1;
    expect((await instance.get<{ code: number }>('/orders?body')).data.code).toBe(200);
    expect(asked).toHaveLength(2);
  });
});

test('one refresh serves axios, ofetch and fetch', async () => {
  const { instance } = axiosInstance();
  const load = createLoginFetch(auth, { baseURL: url });
  const plain = withAccessToken(auth, (input, init) => fetch(input, init));
  network.fail('/orders', { status: 401 });
  refuses = 2;
  const [byAxios, byFetch] = await Promise.all([instance.get('/orders'), plain(`${url}/orders`)]);
  expect([byAxios.status, byFetch.status, network.count(REFRESH), asked.length]).toEqual([200, 200, 1, 4]);
  await load('/orders', { baseURL: 'http://orders.test', method: 'POST', body: { n: 1 } }).catch(() => null);
  expect(network.sent.filter(({ path }) => path === '/orders').map(({ body }) => body)).toEqual([
    { n: 1 },
    { n: 1 },
  ]);
  expect(network.count(REFRESH)).toBe(2);
});

test('ofetch reports the last answer', async () => {
  const load = createLoginFetch(auth);
  network.fail('/orders', { status: 401 }, { status: 401 }, { status: 401 });
  await expect(load('http://orders.test/orders')).rejects.toMatchObject({ status: 401 });
  expect(network.count('/orders')).toBe(2);
  network.fail('/orders', { status: 503 });
  await expect(load('http://orders.test/orders')).rejects.toMatchObject({ status: 503 });
  expect(network.count('/orders')).toBe(4);
});
