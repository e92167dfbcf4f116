import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { CONNECTION_LIMITS } from '../../src/connection/connection-limits.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { drain } from '../../src/shutdown/drain.js';
import { API, startApp, type TestApp } from '../support/app.js';
import { selfSigned } from '../support/certificate.js';
import { eventually } from '../support/temporary.js';

const LIMITS = {
  ...CONNECTION_LIMITS,
  handshakeMs: 300,
  requestMs: 400,
  checkMs: 50,
  unreadMs: 400,
  lingerMs: 100,
};

const clients: Socket[] = [];
afterEach(() => {
  for (const socket of clients.splice(0)) socket.destroy();
});

interface Client {
  readonly socket: Socket;
  received: string;
  /** Resolves when the server has ended its half. */
  readonly closed: Promise<void>;
}

async function listen(env: Record<string, string> = {}, limits = LIMITS) {
  const test = await startApp(env, limits);
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  const server: Server = test.app.getHttpServer();
  const { port } = server.address() as AddressInfo;
  const openConnections = promisify(server.getConnections.bind(server));
  /** Never ends its own half, as a hostile client does not. */
  const client = (bytes: string | null): Client => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const it: Client = {
      socket,
      received: '',
      closed: new Promise<void>((done) => socket.once('end', done).once('close', done)),
    };
    socket.on('data', (chunk) => (it.received += chunk.toString()));
    socket.on('error', () => undefined);
    clients.push(socket);
    if (bytes !== null) socket.write(bytes);
    return it;
  };
  /** Whether the server lets go of all connections, of which no client closes its half. */
  const emptied = async (): Promise<void> => {
    for (let looks = 0; looks < 500 && (await openConnections()) > 0; looks++)
      await new Promise((done) => setTimeout(done, 20));
    expect(await openConnections()).toBe(0);
  };
  return { test, server, client, emptied, openConnections };
}

const get = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');

type Listening = Awaited<ReturnType<typeof listen>>;
let plain: Listening;
let test: TestApp;
beforeAll(async () => {
  plain = await listen();
  ({ test } = plain);
});
afterAll(() => test.close());

/** What the client got, once the server has closed the connection, and the line that was logged for it. */
async function refused(bytes: string) {
  const mark = test.log.length;
  const it = plain.client(bytes);
  await it.closed;
  await plain.emptied();
  it.socket.destroy();
  const [head = '', body = ''] = it.received.split('\r\n\r\n');
  const lines = test.log.slice(mark).map((line) => JSON.parse(line) as Record<string, unknown>);
  return { head, body: JSON.parse(body) as { error: { errorCode: string } }, lines };
}

describe('a connection that the server refuses is closed on both sides', () => {
  it.each([
    ['nonsense', 'nonsense\r\n\r\n', 400, 'REQUEST_MALFORMED'],
    ['slow headers', `GET ${API}/x HTTP/1.1\r\nHost: x\r\nX: `, 408, 'REQUEST_TIMEOUT'],
    [
      'a slow body',
      `POST ${API}/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
      408,
      'REQUEST_TIMEOUT',
    ],
    ['no Host', `GET /health/live HTTP/1.1\r\n\r\n`, 400, 'REQUEST_MALFORMED'],
    ['Expect', get('/health/live', 'Expect: x'), 417, 'EXPECTATION_UNSUPPORTED'],
    [
      'CONNECT',
      'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n',
      405,
      'METHOD_NOT_ALLOWED',
    ],
  ])('%s', async (_, bytes, status, errorCode) => {
    const counted = async () => {
      const { body } = await test.app.inject({ url: '/metrics' });
      return Number(new RegExp(`failures_total\\{code="${errorCode}"\\} (\\d+)`).exec(body)?.[1]);
    };
    const before = await counted();
    const answer = await refused(bytes);
    expect(answer.head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.head).toMatch(/^x-request-id: .+$/im);
    expect(answer.head).toMatch(/^connection: close$/im);
    expect(answer.body.error.errorCode).toBe(errorCode);
    expect(answer.lines).toContainEqual(expect.objectContaining({ status, errorCode, msg: 'request' }));
    expect(await counted()).toBe(before + 1);
  });

  it('an HTTP/1.0 request needs no Host', async () => {
    const it = plain.client('GET /health/live HTTP/1.0\r\n\r\n');
    await it.closed;
    expect(it.received).toMatch(/^HTTP\/1.1 200 /);
  });

  it('an Upgrade that nobody wants is ignored', async () => {
    const it = plain.client(get('/health/live', 'Connection: upgrade, close', 'Upgrade: websocket'));
    await it.closed;
    expect(it.received).toMatch(/^HTTP\/1.1 200 /);
  });

  it('nonsense after a request never passes for its answer', async () => {
    const it = plain.client(`${get('/health/ready')}nonsense\r\n\r\n`);
    await it.closed;
    expect(it.received.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(it.received).toMatch(/^connection: close$/im);
  });
});

describe('pipelined requests', () => {
  it('as many as allowed are answered', async () => {
    const it = plain.client(
      get('/health/live').repeat(LIMITS.requestsInFlight - 1) + get('/health/live', 'Connection: close'),
    );
    await it.closed;
    expect(it.received.match(/HTTP\/1.1 200/g)).toHaveLength(LIMITS.requestsInFlight);
  });

  it('one more is refused and closes the connection; the rest are dropped and not logged', async () => {
    const mark = test.log.length;
    const it = plain.client(get('/health/live').repeat(1_000));
    await it.closed;
    expect(it.received.match(/HTTP\/1.1 200/g)).toHaveLength(LIMITS.requestsInFlight);
    expect(it.received.match(/RATE_LIMITED/g)).toHaveLength(1);
    expect(test.log.length - mark).toBeLessThan(LIMITS.requestsInFlight + 5);
    await plain.emptied();
  });

  it('a client that reads no answer loses its connection', async () => {
    const it = plain.client(null);
    it.socket.pause();
    // Written until neither side's kernel takes more.
    const write = setInterval(() => it.socket.write(get('/docs/swagger-ui-bundle.js').repeat(8)), 20);
    await new Promise<void>((done) => {
      plain.server.once('connection', (socket: Socket) => socket.once('end', done).once('close', done));
    });
    clearInterval(write);
    it.socket.destroy();
    await plain.emptied();
  });
});

it('holds no more connections than allowed', async () => {
  const few = await listen({ MAX_CONNECTIONS: '2' });
  const six = Array.from({ length: 6 }, () => few.client(null));
  await Promise.all(six.slice(2).map(({ closed }) => closed));
  expect(await few.openConnections()).toBeLessThanOrEqual(2);
  for (const { socket } of six) socket.destroy();
  await few.test.close();
});

it('over TLS, a client that never shakes hands is closed', async () => {
  const secure = await listen(await selfSigned('localhost'));
  const silent = Array.from({ length: 20 }, () => secure.client(null));
  const talker = secure.client(get('/health/live'));
  await Promise.all([...silent, talker].map(({ closed }) => closed));
  expect(talker.received).not.toContain('HTTP/1.1');
  await secure.emptied();
  await secure.test.close();
});

it.each([
  ['headers', {}, 'GET /health/live HTTP/1.1\r\nHost:'],
  [
    'body',
    {},
    `POST ${API}/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
  ],
  ['TLS handshake', selfSigned, '\x16\x03\x01\x02\x00'],
])('a shutdown does not wait for clients that have not finished their %s', async (_, tls, bytes) => {
  const patient = { ...LIMITS, handshakeMs: 60_000, requestMs: 60_000 };
  const ending = await listen(typeof tls === 'function' ? await tls('localhost') : tls, patient);
  const it = ending.client(bytes);
  await new Promise<void>((done) => ending.server.once('connection', () => setTimeout(done, 50)));
  await drain(ending.test.app, 0);
  await it.closed;
});

it('a shutdown answers the next request of an open connection, and asks to close it', async () => {
  const ending = await listen();
  const it = ending.client(get('/health/live'));
  const answers = () => it.received.match(/HTTP\/1.1 200/g)?.length ?? 0;
  await eventually('an answer', () => answers() === 1);
  expect(it.received).not.toMatch(/connection: close/i);
  const drained = drain(ending.test.app, 0);
  await eventually('no new connection is accepted', () => !ending.server.listening);
  it.socket.write(get('/health/live'));
  await eventually('the last answer', () => answers() === 2);
  expect(it.received).toMatch(/connection: close/i);
  it.socket.end();
  await drained;
});

it('scrapes that overlap share one run', async () => {
  const { registry } = test.app.get(Metrics, { strict: false });
  const own = registry.metrics.bind(registry);
  let runs = 0;
  registry.metrics = () => {
    runs++;
    return own();
  };
  const it = plain.client(get('/metrics').repeat(9) + get('/metrics', 'Connection: close'));
  await it.closed;
  registry.metrics = own;
  expect(it.received.match(/HTTP\/1.1 200/g)).toHaveLength(10);
  expect(runs).toBe(1);
});

it('the rate limit covers what is outside the API, but no probe', async () => {
  const limited = await startApp({ RATE_LIMIT_PER_MINUTE: '2' });
  const statuses = async (url: string) => {
    const answers = [];
    for (let sent = 0; sent < 4; sent++) answers.push((await limited.app.inject({ url })).statusCode);
    return answers;
  };
  expect(await statuses('/metrics')).toEqual([200, 200, 429, 429]);
  expect(await statuses('/.well-known/jwks.json')).toEqual([429, 429, 429, 429]);
  expect(await statuses('/health/live')).toEqual([200, 200, 200, 200]);
  await limited.close();
});
