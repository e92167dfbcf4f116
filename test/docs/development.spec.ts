import { createHash } from 'node:crypto';
import { DEVELOPMENT_OPERATOR_TOKEN } from '../../src/config/config.js';
import { SAMPLE_TOKEN, startApp, type TestApp } from '../support/app.js';

describe('in development', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp();
  });
  afterAll(() => test.close());

  const get = (url: string, headers: Record<string, string> = {}) => test.app.inject({ url, headers });

  describe('the demo keys', () => {
    it.each([
      'localhost',
      'localhost:58582',
      '127.0.0.1:58582',
      '[::1]:58582',
      'LOCALHOST',
      'bo.localhost:80',
    ])('are told under the loopback host %s', async (host) => {
      const answer = await get('/docs/settings.json', { host });
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toMatchObject({ operatorToken: DEVELOPMENT_OPERATOR_TOKEN });
    });

    it.each([
      'evil.example',
      '192.168.1.20:58582',
      '0.0.0.0:58582',
      'localhost.evil.example',
      'notlocalhost',
      '127.0.0.1.evil.example',
      '127.0.0.1@evil.example',
      'a b',
    ])('are not told under %s', async (host) => {
      for (const claimed of [host, 'localhost']) {
        const answer = await get('/docs/settings.json', { host, 'x-forwarded-host': claimed });
        expect([answer.statusCode, answer.json()]).toMatchObject([
          404,
          { error: { errorCode: 'ROUTE_UNKNOWN' } },
        ]);
        expect(answer.body).not.toContain('acme-key');
      }
      expect((await get('/docs', { host })).statusCode).toBe(200);
    });
  });

  describe('GET /', () => {
    it('links to the documentation and names the accounts, in the language of the browser', async () => {
      const answer = await get('/');
      expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(answer.body).toContain('<a href="docs">');
      for (const text of ['alice-password', 'bob-password', 'dev-password', 'acme-key', SAMPLE_TOKEN])
        expect(answer.body).toContain(text);
      const chinese = await get('/', { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' });
      expect(chinese.body).toContain('<html lang="zh-CN">');
    });

    it('allows nothing but its own style', async () => {
      const { headers, body } = await get('/');
      const style = /<style>([^]*)<\/style>/.exec(body)?.[1] ?? '';
      const digest = createHash('sha256').update(style).digest('base64');
      expect(headers['content-security-policy']).toContain(
        `default-src 'none'; style-src 'sha256-${digest}';`,
      );
      expect(body).not.toMatch(/<script|style=|onclick/);
    });

    it('does not exist under other hosts', async () => {
      const answer = await get('/', { host: 'evil.example' });
      expect([answer.statusCode, answer.json()]).toMatchObject([
        404,
        { error: { errorCode: 'ROUTE_UNKNOWN' } },
      ]);
    });
  });
});
