import { once } from 'node:events';
import { connect } from 'node:net';
import { MetricsServer } from '../../src/metrics/metrics-server.js';
import { call, startApp, type TestApp } from '../support/app.js';

const TOKEN = 'a-token-of-this-test';

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const REFUSED = [
  {},
  bearer('another-token-of-it'),
  bearer(`${TOKEN}x`),
  bearer(''),
  bearer(TOKEN.slice(0, -1)),
];

describe('METRICS_TOKEN', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ METRICS_TOKEN: TOKEN });
  });
  afterAll(() => test.close());

  it('admits a scrape that carries it', async () => {
    const answer = await test.app.inject({ url: '/metrics', ...bearer(TOKEN) });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.body).toContain('# TYPE bo_auth_refreshes_total counter');
  });

  it('refuses every other, and the log does not have it', async () => {
    for (const request of REFUSED) {
      const answer = await test.app.inject({ url: '/metrics', ...request });
      expect([request, answer.statusCode]).toEqual([request, 401]);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
      expect(answer.body).not.toContain('bo_auth_');
    }
    expect(test.log.join('')).not.toContain(TOKEN);
  });
});

describe('METRICS_PORT', () => {
  let test: TestApp;
  let url: string;
  beforeAll(async () => {
    test = await startApp({ METRICS_PORT: '0', METRICS_TOKEN: TOKEN });
    const port = await test.app.get(MetricsServer, { strict: false }).listen('127.0.0.1', 0);
    url = `http://127.0.0.1:${port}`;
  });
  afterAll(() => test.close());

  it('has the metrics, and asks for the token', async () => {
    const answer = await fetch(`${url}/metrics`, bearer(TOKEN));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toContain('# TYPE bo_auth_refreshes_total counter');
    for (const request of REFUSED) {
      const refusal = await fetch(`${url}/metrics`, request);
      expect([request, refusal.status]).toEqual([request, 401]);
      expect(refusal.headers.get('www-authenticate')).toMatch(/^Bearer /);
      expect(await refusal.text()).not.toContain('bo_auth_');
    }
  });

  it('has nothing else', async () => {
    expect((await fetch(`${url}/health/live`, bearer(TOKEN))).status).toBe(404);
    const post = await fetch(`${url}/metrics`, { method: 'POST', ...bearer(TOKEN) });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET']);
  });

  it('takes them away from the main port', async () => {
    const { status, body } = await call(test, { url: '//metrics', bearer: TOKEN });
    expect([status, body.error]).toMatchObject([404, { errorCode: 'ROUTE_UNKNOWN' }]);
  });

  it('closes at shutdown, whatever a client leaves open', async () => {
    const other = await startApp({ METRICS_PORT: '0' });
    const port = await other.app.get(MetricsServer, { strict: false }).listen('127.0.0.1', 0);
    const silent = connect(port, '127.0.0.1');
    await once(silent, 'connect');
    const cut = once(silent, 'close');
    silent.write('GET /metrics HTTP/1.1\r\n');
    await other.close();
    await cut;
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  });

  it('names the variable where the port is taken', async () => {
    const other = await startApp({ METRICS_PORT: '0' });
    const taken = Number(new URL(url).port);
    const listening = other.app.get(MetricsServer, { strict: false }).listen('127.0.0.1', taken);
    await expect(listening).rejects.toThrow('METRICS_PORT: cannot listen there (EADDRINUSE)');
    await other.close();
  });

  it('is not served where it is not set', async () => {
    const other = await startApp();
    expect(() => other.app.get(MetricsServer, { strict: false })).toThrow();
    await other.close();
  });
});
