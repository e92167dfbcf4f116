import { randomUUID } from 'node:crypto';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type Server } from 'node:http';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import type { Envelope } from '../../src/response/envelope/envelope.js';
import { API, dataOf, encryptByDES, login, refresh, startApp, type TestApp } from '../support/app.js';

/** How long a slow sender has in these tests. */
const PATIENCE_MS = 400;

let test: TestApp;
let port: number;
beforeAll(async () => {
  test = await startApp();
  const server: Server = test.app.getHttpServer();
  // How often node looks for slow senders; it reads this when the server begins to listen.
  Object.assign(server, { connectionsCheckingInterval: 100 });
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => test.close());

interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly text: string;
  readonly body: Envelope<TokenGrant>;
}

/** Sends these bytes, whatever they are, and reads until the server closes. */
function send(bytes: string | Buffer, after?: (socket: Socket) => void): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const whole = Buffer.concat(chunks).toString();
      const [head = '', ...rest] = whole.split('\r\n\r\n');
      const text = rest.join('\r\n\r\n');
      resolve({
        status: Number(head.split(' ')[1]),
        head,
        text,
        body: /^\{[^\r\n]*\}$/.test(text) ? (JSON.parse(text) as Envelope<TokenGrant>) : (undefined as never),
      });
    });
    socket.write(bytes);
    after?.(socket);
  });
}

const verify = () => `XverifyApi: ${encryptByDES(randomUUID(), 'acme-key')}`;
const get = (path: string, ...headers: string[]) =>
  send([`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers, '', ''].join('\r\n'));
const post = (path: string, body: string, ...headers: string[]) =>
  send(
    [
      `POST ${path} HTTP/1.1`,
      'Host: x',
      'Connection: close',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...headers,
      '',
      body,
    ].join('\r\n'),
  );
const refreshPath = (token: string) => `${API}/auth/token/refresh?refreshToken=${token}`;
const outcome = ({ status, body }: RawAnswer) => `${status} ${body?.error.errorCode}`;

describe('doubled headers and parameters', () => {
  let token: string;
  beforeAll(async () => {
    token = (await login(test)).refreshToken;
  });
  // A refused request spends no token.
  afterAll(async () => {
    expect(dataOf(await refresh(test, token)).tokenSeq).toBe(2);
  });

  it.each([
    ['XownerId, the same twice', ['XownerId: acme', 'XownerId: acme'], '400 PROJECT_HEADER_INVALID'],
    ['XownerId, two projects', ['XownerId: acme', 'xownerid: ptdev'], '400 PROJECT_HEADER_INVALID'],
    ['XownerId, one empty', ['XownerId: acme', 'XownerId:'], '400 PROJECT_HEADER_INVALID'],
    ['XsysId', ['XownerId: acme', 'XsysId: crm', 'XsysId: crm'], '400 HEADER_INVALID'],
    ['XsysId, one empty', ['XownerId: acme', 'XsysId:', 'XsysId: crm'], '400 HEADER_INVALID'],
    [
      'XfilterAreaCode',
      ['XownerId: acme', 'XfilterAreaCode: 310000', 'XfilterAreaCode: 310000'],
      '400 HEADER_INVALID',
    ],
    [
      'XuserFromFirstShareId',
      ['XownerId: acme', 'XuserFromFirstShareId: bob', 'XuserFromFirstShareId: bob'],
      '400 HEADER_INVALID',
    ],
    ['no XownerId', [], '400 PROJECT_HEADER_INVALID'],
    ['an empty one', ['XownerId:'], '400 PROJECT_HEADER_INVALID'],
  ])('%s', async (_, headers, expected) => {
    expect(outcome(await get(refreshPath(token), ...headers, verify()))).toBe(expected);
  });

  it('XverifyApi twice', async () => {
    expect(outcome(await get(refreshPath(token), 'XownerId: acme', verify(), verify()))).toBe(
      '401 VERIFY_API_REFUSED',
    );
  });

  it('refreshToken twice', async () => {
    const path = `${refreshPath(token)}&refreshToken=${token}`;
    expect(outcome(await get(path, 'XownerId: acme', verify()))).toBe('400 PARAMETER_INVALID');
    const body = `refreshToken=${token}&refreshToken=${token}`;
    const form = 'Content-Type: application/x-www-form-urlencoded';
    const answer = await post(`${API}/auth/token/refresh`, body, 'XownerId: acme', verify(), form);
    expect(outcome(answer)).toBe('400 PARAMETER_INVALID');
  });

  it('spaces around a value are no part of it; XverifyApi lost its + to a proxy', async () => {
    const { refreshToken } = await login(test);
    const answer = await get(
      refreshPath(refreshToken),
      'XownerId:   acme  ',
      `${verify().replace('+', ' ')} `,
    );
    expect(answer.status).toBe(200);
  });
});

describe('limits', () => {
  it.each([
    ['a header over 16 KiB', () => get(refreshPath('x'), `X: ${'a'.repeat(17_000)}`)],
    ['a URL over 16 KiB', () => get(refreshPath('a'.repeat(17_000)))],
    [
      'many headers',
      () => get(refreshPath('x'), ...Array.from({ length: 1_500 }, (_, i) => `X${i}: aaaaaaaa`)),
    ],
  ])('%s: 431', async (_, ask) => {
    const answer = await ask();
    expect(outcome(answer)).toBe('431 HEADERS_TOO_LARGE');
    expect(answer.body.code).toBe(43_101);
    expect(answer.head).toMatch(/^Cache-Control: no-store$/im);
    expect(answer.head).toMatch(/^Connection: close$/im);
  });

  it('a declared body over 64 KiB: 413', async () => {
    const answer = await post(
      `${API}/auth/token`,
      `{"userName":"${'a'.repeat(70_000)}"}`,
      'Content-Type: application/json',
    );
    expect(outcome(answer)).toBe('413 BODY_TOO_LARGE');
  });

  it('an undeclared one, too', async () => {
    const chunk = `${(8_192).toString(16)}\r\n${'a'.repeat(8_192)}\r\n`;
    const answer = await send(
      [
        `POST ${API}/auth/token HTTP/1.1`,
        'Host: x',
        'Connection: close',
        'Content-Type: application/json',
        'Transfer-Encoding: chunked',
        '',
        `${chunk.repeat(10)}0\r\n\r\n`,
      ].join('\r\n'),
    );
    expect(outcome(answer)).toBe('413 BODY_TOO_LARGE');
  });

  it('more headers than are kept: a dropped one is a missing one, never a default', async () => {
    const { refreshToken } = await login(test);
    const many = Array.from({ length: 2_100 }, (_, i) => `A${i}:`);
    const answer = await get(refreshPath(refreshToken), ...many, 'XownerId: acme', verify());
    expect([400, 431]).toContain(answer.status);
    expect((await refresh(test, refreshToken)).status).toBe(200);
  });
});

describe('slow senders', () => {
  let restore: () => void;
  beforeAll(() => {
    const server: Server = test.app.getHttpServer();
    const { headersTimeout, requestTimeout } = server;
    expect(requestTimeout).toBeGreaterThan(0);
    expect(headersTimeout).toBeGreaterThan(0);
    restore = () => Object.assign(server, { headersTimeout, requestTimeout });
    Object.assign(server, { headersTimeout: PATIENCE_MS, requestTimeout: PATIENCE_MS });
  });
  afterAll(() => restore());

  it.each([
    ['of headers', `GET ${refreshPath('x')} HTTP/1.1\r\nHost: x\r\nX: `],
    [
      'of a body',
      `POST ${API}/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    ],
  ])('%s are closed with 408', async (_, begin) => {
    const answer = await send(begin, (socket) => {
      const drip = setInterval(() => socket.write(' '), 50);
      socket.on('close', () => clearInterval(drip));
    });
    expect(outcome(answer)).toBe('408 REQUEST_TIMEOUT');
  });

  it('no other client has to wait', async () => {
    expect((await get('/health/live')).status).toBe(200);
  });
});

describe('what is no HTTP', () => {
  it.each([
    ['nonsense', 'nonsense\r\n\r\n'],
    ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
    ['a method that is none', `SECRET / HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['a space in a header’s name', `GET / HTTP/1.1\r\nHost: x\r\nX ownerId: SECRET\r\n\r\n`],
    ['NUL in a header', `GET / HTTP/1.1\r\nHost: x\r\nX: a\0SECRET\r\n\r\n`],
    ['two lengths', `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    [
      'a length and chunks',
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nSECRET`,
    ],
    ['a bad chunk', `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`],
  ])('%s: 400 in the envelope, and nothing of it repeated', async (_, bytes) => {
    const mark = test.log.length;
    const answer = await send(bytes, (socket) => socket.end());
    expect(outcome(answer)).toBe('400 REQUEST_MALFORMED');
    expect(answer.text + test.log.slice(mark).join()).not.toContain('SECRET');
  });

  it('a client that leaves at once is no trouble', async () => {
    for (let i = 0; i < 20; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.write(`POST ${API}/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"pass`);
      socket.resetAndDestroy();
      socket.on('error', () => undefined);
    }
    expect((await get('/health/ready')).status).toBe(200);
  });

  it('a client that leaves in the middle of a body is logged once, as aborted', async () => {
    const mark = test.log.length;
    await new Promise((done) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(
          `POST ${API}/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"password":"SECRET`,
          () => setTimeout(() => socket.destroy(), 100),
        );
      });
      socket.on('close', done);
    });
    const lines = () =>
      test.log
        .slice(mark)
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ route }) => route === `${API}/auth/token`);
    for (let i = 0; i < 100 && lines().length === 0; i++) await new Promise((done) => setTimeout(done, 20));
    await new Promise((done) => setTimeout(done, 100));
    expect(lines()).toHaveLength(1);
    expect(JSON.stringify(lines())).not.toContain('SECRET');
  });
});

describe('paths and methods', () => {
  it.each([
    ['a trailing slash', `${API}/auth/user/`, 404],
    ['a doubled slash', `/${API}/auth/user`, 404],
    ['dots', `${API}/auth/token/../user`, 404],
    ['encoded dots', `${API}/auth/%2e%2e/auth/user`, 404],
    ['an encoded slash', `${API}/auth%2fuser`, 404],
    ['a semicolon', `${API}/auth/user;x=1`, 404],
    ['a backslash', `${API}/auth\\user`, 404],
    ['NUL', `${API}/auth/user%00`, 404],
    ['CR LF', `${API}/auth/user%0d%0aXownerId:%20acme`, 404],
    ['a bad percent sequence', `${API}/auth/%zz`, 400],
  ])('%s: %s', async (_, path, status) => {
    const { accessToken } = await login(test, { user: 'bob' });
    const bare = await get(path, `Authorization: Bearer ${accessToken}`);
    expect(bare.body.success).toBe(false);
    const full = await get(path, 'XownerId: acme', verify(), `Authorization: Bearer ${accessToken}`);
    expect(full.status).toBe(status);
    expect(full.head).toMatch(/^cache-control: no-store$/im);
    expect(full.head).not.toMatch(/^XownerId/im);
  });

  it.each([
    ['an encoded letter', `${API}/auth/us%65r`],
    ['an absolute URL', `http://other${API}/auth/user`],
  ])('%s reaches the guards like any other', async (_, path) => {
    const { accessToken } = await login(test, { user: 'bob' });
    const bearer = `Authorization: Bearer ${accessToken}`;
    expect(outcome(await get(path, bearer))).toBe('400 PROJECT_HEADER_INVALID');
    expect(outcome(await get(path, 'XownerId: acme', bearer))).toBe('401 VERIFY_API_REFUSED');
    expect((await get(path, 'XownerId: acme', verify(), bearer)).status).toBe(200);
  });

  it('HEAD has no body and spends nothing', async () => {
    const { refreshToken } = await login(test);
    const answer = await send(
      [
        `HEAD ${refreshPath(refreshToken)} HTTP/1.1`,
        'Host: x',
        'Connection: close',
        'XownerId: acme',
        verify(),
        '',
        '',
      ].join('\r\n'),
    );
    expect(answer.status).toBe(405);
    expect(answer.head).toMatch(/^allow: GET, POST$/im);
    expect(answer.text).toBe('');
    expect(dataOf(await refresh(test, refreshToken)).tokenSeq).toBe(2);
  });

  it('a method that overrides another is none', async () => {
    const { refreshToken } = await login(test);
    const override = 'X-HTTP-Method-Override: DELETE';
    const answer = await get(refreshPath(refreshToken), 'XownerId: acme', verify(), override);
    expect(answer.status).toBe(200);
  });

  it('two requests in one packet are answered in turn', async () => {
    const { refreshToken } = await login(test);
    const one = [`GET ${refreshPath(refreshToken)} HTTP/1.1`, 'Host: x', 'XownerId: acme', verify(), '', ''];
    const two = ['GET /health/live HTTP/1.1', 'Host: x', 'Connection: close', '', ''];
    const answer = await send(one.join('\r\n') + two.join('\r\n'));
    expect(answer.head).toMatch(/^HTTP\/1.1 200/);
    expect(answer.text.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
  });
});

describe('Host and X-Forwarded-For', () => {
  it('decide nothing: neither the issuer nor the address on record', async () => {
    const body = JSON.stringify({ userName: 'bob', password: 'bob-password' });
    const answer = await send(
      [
        `POST ${API}/auth/token HTTP/1.1`,
        'Host: evil.example',
        'Connection: close',
        'X-Forwarded-For: 203.0.113.9',
        'X-Forwarded-Host: evil.example',
        'Forwarded: for=203.0.113.9',
        'XownerId: acme',
        verify(),
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        '',
        body,
      ].join('\r\n'),
    );
    expect(answer.status).toBe(200);
    const [row] = await test.sql<{ ip: string }>(
      'SELECT ip FROM bo_auth_session ORDER BY created_at DESC LIMIT 1',
    );
    expect(row?.ip).toBe('127.0.0.1');
    expect(answer.text + answer.head).not.toContain('evil');
  });
});
