import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { argon2id } from '../../src/auth/password/argon2-hash.js';
import { ConfigError, loadConfig } from '../../src/config/config.js';
import { API, encryptByDES, startApp, type TestApp } from '../support/app.js';
import { built, endAll, type Launch, ServiceProcess } from '../support/service-process.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const FOREIGN_TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = '00f067aa0ba902b7';

/** What OTLP's JSON says of a span, as far as it is looked at here. */
interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { traceId: string; spanId: string }[];
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code?: number };
  readonly attributes: readonly { key: string; value: Readonly<Record<string, unknown>> }[];
}

/** The test's own collector: accepts every post, and decodes JSON. */
class Receiver {
  readonly posts: { url: string; type: string; body: Buffer }[] = [];
  private readonly server: Server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      this.posts.push({ url: request.url ?? '', type: request.headers['content-type'] ?? '', body });
      this.server.emit('post');
      response.setHeader('content-type', 'application/json').end('{}');
    })();
  });

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves with what `find` makes of the posts, as soon as it makes something of them. */
  async until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await once(this.server, 'post');
    }
  }

  spans(): OtlpSpan[] {
    return this.posts.flatMap(({ body }) => {
      const { resourceSpans } = JSON.parse(body.toString()) as {
        resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[];
      };
      return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

function headers(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    XownerId: 'acme',
    XverifyApi: encryptByDES(`${randomUUID()}|${Date.now()}`, 'acme-key'),
    'Content-Type': 'application/json',
    ...more,
  };
}

async function login({ url }: { readonly url: string }, more?: Readonly<Record<string, string>>) {
  const answer = await fetch(`${url}${API}/auth/token`, {
    method: 'POST',
    headers: headers(more),
    body: JSON.stringify({ userName: 'alice', password: 'alice-password' }),
  });
  const { data } = (await answer.json()) as { data: { refreshToken: string; accessToken: string } };
  return data;
}

const attributes = (span: OtlpSpan) =>
  Object.fromEntries(span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

const startProcess = (env: Readonly<Record<string, string>>, launch?: Launch) =>
  ServiceProcess.start({ DATABASE_URL: 'sqlite::memory:', ...env }, launch);

beforeAll(built, 180_000);
afterAll(endAll);

describe('traces', () => {
  const receiver = new Receiver();
  let endpoint: string;
  let test: TestApp;
  let service: { readonly url: string };

  beforeAll(async () => {
    endpoint = await receiver.start();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=the-test',
    };
    // OpenTelemetry reads them itself, at the start.
    Object.assign(process.env, env);
    try {
      test = await startApp({ ...env, TRUSTED_PROXIES: '127.0.0.1' });
    } finally {
      for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name);
    }
    await test.app.listen({ host: '127.0.0.1', port: 0 });
    service = { url: await test.app.getUrl() };
  });
  afterAll(async () => {
    await test?.close();
    await receiver.stop();
  });

  /** The spans of a trace, once the request's own is there: it ends last. */
  const traceOf = (requestId: string) =>
    receiver.until(() => {
      const spans = receiver.spans();
      const root = spans.find((span) => attributes(span)['bo_auth.request_id'] === requestId);
      return root && { root, spans: spans.filter(({ traceId }) => traceId === root.traceId) };
    });

  it('show one request’s way, below the caller’s span', async () => {
    const grant = await login(service);
    const answer = await fetch(`${service.url}${API}/auth/token/refresh?refreshToken=${grant.refreshToken}`, {
      headers: headers({ 'X-Request-Id': 'traced', traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` }),
    });
    const { data } = (await answer.json()) as { data: { refreshToken: string; accessToken: string } };
    const { root, spans } = await traceOf('traced');

    expect(root).toMatchObject({
      traceId: TRACE_ID,
      parentSpanId: PARENT_ID,
      name: `GET ${API}/auth/token/refresh`,
      kind: 2,
    });
    expect(attributes(root)).toEqual({
      'http.request.method': 'GET',
      'http.route': `${API}/auth/token/refresh`,
      'http.response.status_code': 200,
      'bo_auth.request_id': 'traced',
      'bo_auth.owner_id': 'acme',
      'bo_auth.outcome': 'rotate',
      'bo_auth.cache_type': expect.any(String),
    });
    const ids = new Map(spans.map((span) => [span.spanId, span]));
    const below = spans.filter((span) => span !== root);
    for (const name of ['tenant-guard', 'tier', 'signing', 'plugin', 'rotation'])
      expect(below.map((span) => span.name)).toContain(name);
    for (const span of below) {
      const parent = ids.get(span.parentSpanId ?? '');
      expect(parent).toBeDefined();
      expect(BigInt(span.startTimeUnixNano)).toBeLessThanOrEqual(BigInt(span.endTimeUnixNano));
      expect(BigInt(span.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(parent!.startTimeUnixNano));
    }
    const named = (name: string) => below.filter((span) => span.name === name);
    expect(named('tenant-guard').map(({ parentSpanId }) => parentSpanId)).toEqual([root.spanId]);
    expect(named('tier').map(({ parentSpanId }) => ids.get(parentSpanId!)?.name)).toContain('tenant-guard');
    expect(named('rotation').map(attributes)).toEqual([{ 'bo_auth.moved': true }]);
    expect(named('plugin').map(attributes)).toEqual([{ 'bo_auth.plugin': 'common-data' }]);

    const lines = test.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find(({ reqId }) => reqId === 'traced')).toMatchObject({ traceId: TRACE_ID });

    const sent = Buffer.concat(receiver.posts.map(({ body }) => body)).toString();
    for (const secret of [grant, data].flatMap((each) => [each.refreshToken, each.accessToken]))
      expect(sent).not.toContain(secret);
    expect(sent).not.toMatch(/refreshToken=|alice-password|XverifyApi/i);
    expect(sent).toContain('the-test');
    expect(sent).toContain('"bo-auth"');
    expect(receiver.posts.every(({ url }) => url === '/v1/traces')).toBe(true);
  });

  it('follow a request with a body, too, and each its own', async () => {
    await Promise.all([1, 2, 3].map((n) => login(service, { 'X-Request-Id': `login-${n}` })));
    const traces = await Promise.all([1, 2, 3].map((n) => traceOf(`login-${n}`)));
    expect(new Set(traces.map(({ root }) => root.traceId)).size).toBe(3);
    for (const { root, spans } of traces) {
      expect(root.parentSpanId).toBeUndefined();
      expect(spans.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['tenant-guard', 'signing', 'plugin']),
      );
      expect(spans.filter(({ name }) => name === 'signing')).toHaveLength(1);
    }
  });

  it('name a refusal by its code, without calling it the server’s error', async () => {
    await fetch(`${service.url}${API}/auth/token/refresh?refreshToken=unknown`, {
      headers: headers({ 'X-Request-Id': 'refused' }),
    });
    const { root } = await traceOf('refused');
    expect(attributes(root)).toMatchObject({
      'http.response.status_code': 401,
      'error.type': 'REFRESH_TOKEN_EXPIRED',
    });
    expect(root.status?.code ?? 0).toBe(0);
  });

  it('leave out probes and scrapes, and a caller’s trace that is not sampled', async () => {
    await fetch(`${service.url}/health/live`, { headers: { 'X-Request-Id': 'probe' } });
    await fetch(`${service.url}/metrics`, { headers: { 'X-Request-Id': 'scrape' } });
    await fetch(`${service.url}${API}/auth/user`, {
      headers: headers({ 'X-Request-Id': 'unsampled', traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` }),
    });
    await fetch(`${service.url}${API}/auth/user`, { headers: headers({ 'X-Request-Id': 'after' }) });
    await traceOf('after');
    const seen = receiver.spans().map((span) => attributes(span)['bo_auth.request_id']);
    for (const id of ['probe', 'scrape', 'unsampled']) expect(seen).not.toContain(id);
  });

  it('end where the client disconnects after the body has arrived', async () => {
    const leaving = request(`${service.url}${API}/auth/token`, {
      method: 'POST',
      headers: headers({ 'X-Request-Id': 'leaves' }),
      agent: false,
    });
    leaving.on('error', () => undefined);
    const matches = argon2id.matches.bind(argon2id);
    // The client leaves while its password is compared.
    argon2id.matches = async () => {
      leaving.destroy();
      await traceOf('leaves');
      return false;
    };
    try {
      leaving.end(JSON.stringify({ userName: 'bob', password: 'bob-password' }));
      const { root } = await traceOf('leaves');
      expect(attributes(root)).toMatchObject({ 'error.type': 'aborted' });
      expect(attributes(root)).not.toHaveProperty('http.response.status_code');
    } finally {
      argon2id.matches = matches;
    }
  });

  it('are sent before the process ends, sampled or not by a caller that is no trusted proxy', async () => {
    const last = await startProcess({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/elsewhere`,
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '60000',
    });
    await login(last, { 'X-Request-Id': 'last', traceparent: `00-${FOREIGN_TRACE_ID}-${PARENT_ID}-00` });
    expect((await last.kill('SIGTERM')).code).toBe(0);
    const { root } = await traceOf('last');
    expect(root).toMatchObject({ name: `POST ${API}/auth/token`, traceId: FOREIGN_TRACE_ID });
    expect(root.parentSpanId).toBeUndefined();
    expect(root.links).toMatchObject([{ traceId: FOREIGN_TRACE_ID, spanId: PARENT_ID }]);
    expect(receiver.posts.at(-1)?.url).toBe('/elsewhere');
  });
});

describe('the export', () => {
  /** Prints at its end which modules of OpenTelemetry it has loaded. */
  const LOADED = [
    '--import',
    `data:text/javascript,import m from 'node:module';process.on('exit',()=>console.log(JSON.stringify({loaded:Object.keys(m._cache).filter(f=>f.includes('opentelemetry')&&!f.includes('opentelemetry/api/'))})))`,
  ];
  const loadedBy = (ended: ServiceProcess) =>
    (ended.lines().at(-1) as unknown as { loaded: string[] }).loaded;

  it('is protobuf unless told otherwise, and a collector that fails harms no request', async () => {
    const receiver = new Receiver();
    const endpoint = await receiver.start();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    };
    const service = await startProcess(env, { nodeOptions: LOADED });
    await login(service);
    const post = await receiver.until(() =>
      receiver.posts.find(({ body }) => body.includes(`POST ${API}/auth/token`)),
    );
    expect([post.url, post.type]).toEqual(['/v1/traces', 'application/x-protobuf']);
    await receiver.stop();
    expect(await login(service)).toHaveProperty('accessToken');
    expect((await service.kill('SIGTERM')).code).toBe(0);
    expect(loadedBy(service)).not.toEqual([]);
  });

  it('is not loaded by who does not want it', async () => {
    const service = await startProcess(
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' },
      { nodeOptions: LOADED },
    );
    expect((await service.kill('SIGTERM')).code).toBe(0);
    expect(loadedBy(service)).toEqual([]);
  });

  it.each([
    [{}, null],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, { protocol: 'http/protobuf' }],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/v1/traces' }, { protocol: 'http/protobuf' }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: 'TRUE' }, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: '1' }, { protocol: 'http/protobuf' }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'none' }, null],
    [
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      },
      { protocol: 'http/json' },
    ],
  ])('is asked for by the standard variables: %j', (env, expected) => {
    expect(loadConfig(env).tracing).toEqual(expected);
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      'OTEL_EXPORTER_OTLP_PROTOCOL',
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'zipkin' },
      'OTEL_TRACES_EXPORTER',
    ],
  ])('stops the start on a bad value: %j', (env, name) => {
    expect(() => loadConfig(env)).toThrow(ConfigError);
    expect(() => loadConfig(env)).toThrow(name);
  });
});
