import { DEVELOPMENT_OPERATOR_TOKEN } from '../../src/config/config.js';
import { startApp, type TestApp } from '../support/app.js';

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
});
