import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHash } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { DEVELOPMENT_OPERATOR_TOKEN, loadConfig } from '../../src/config/config.js';
import { createApp } from '../../src/create-app.js';
import { SEED_SESSION } from '../../src/demo/demo-rows.js';
import { SqlDatabase } from '../../src/database/sql-database.js';
import { ALL_CASES, sample } from '../runner/sample.js';
import { CHROMIUM_DEADLINE_MS, launchChromium } from '../support/chromium.js';
import { bodyOf, call, callsOn, execute, field, type OpenedPage, openPage, tryOut } from './swagger-page.js';

/** One of each kind. Each keeps Swagger UI busy for two or three seconds. */
const CALLS = [
  'adminShowUser',
  'adminAddUser',
  'adminAddUser',
  'adminDisableProject',
  'adminEndUserSession',
  'adminDemoteSigningKey',
  'adminRetireSigningKey',
  'endSession',
  'user',
  'login',
];

/** A browser on a busy machine takes its time. */
const PATIENCE_MS = ALL_CASES ? 1_200_000 : 300_000;

const CHINESE = /[\u4E00-\u9FFF]/;

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
}, CHROMIUM_DEADLINE_MS);

afterAll(() => browser?.close());

async function start(env: Record<string, string> = {}) {
  const app = await createApp(
    loadConfig({
      DATABASE_URL: 'sqlite::memory:',
      LOG_LEVEL: 'fatal',
      PLUGINS_DIR: '/nonexistent',
      RATE_LIMIT_PER_MINUTE: '0',
      ...env,
    }),
  );
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

describe('the page, in development', () => {
  let app: NestFastifyApplication;
  /** One page for all tests, as it takes seconds to load: each test continues where the previous one left it. */
  let opened: OpenedPage;

  beforeAll(async () => {
    const started = await start();
    app = started.app;
    opened = await openPage(browser, started.url, 'zh-CN');
  }, PATIENCE_MS);
  afterAll(async () => {
    // First, as the service waits for connections that Chromium has opened in advance.
    await opened?.page.context().close();
    await app.close();
  });
  afterEach(() => expect(opened.complaints).toEqual([]));

  test(
    'the documented call works by two clicks, as often as one likes',
    async () => {
      const { page } = opened;
      const block = await tryOut(page, 'refresh');
      expect(await field(block, 'refreshToken').inputValue()).toBe(SEED_SESSION.refreshToken);
      for (let times = 1; times <= 2; times++) {
        const { status, body } = await execute(page, 'refresh');
        expect(status).toBe(200);
        expect(body.data).toMatchObject({ refreshToken: SEED_SESSION.refreshToken, clientId: 'ptdev' });
      }
    },
    PATIENCE_MS,
  );

  test(
    'calls work by two clicks, from the administration to the login, and break nothing for each other',
    async () => {
      const { page } = opened;
      for (const id of ALL_CASES ? [...(await callsOn(page)), ...CALLS] : sample(CALLS, 2)) {
        const { status, body } = await execute(page, id);
        expect({ id, status, error: body.error }).toMatchObject({
          id,
          status: /^admin(Add|Publish|Grant)/.test(id) ? 201 : 200,
        });
      }
      expect(await page.evaluate('JSON.stringify([localStorage, sessionStorage])')).not.toContain(
        DEVELOPMENT_OPERATOR_TOKEN,
      );
    },
    PATIENCE_MS,
  );

  test(
    'is in the language of the browser, or in the one that was chosen, and keeps what was entered',
    async () => {
      const { page } = opened;
      await call(page, 'login').getByText('登录', { exact: true }).waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
      expect(await page.getByLabel('项目', { exact: true }).inputValue()).toBe('ptdev');
      expect(await page.getByRole('status').innerText()).toContain('由本页逐次计算');
      const block = await tryOut(page, 'refresh');
      await field(block, 'refreshToken').fill('a-token-that-nobody-knows');
      // Swagger UI takes over what was typed when the field loses the focus, else only after a moment.
      await field(block, 'refreshToken').press('Tab');

      await page.getByRole('combobox', { name: 'Language' }).selectOption('English');
      await call(page, 'login').getByText('Sign in', { exact: true }).waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
      const texts = page.locator('header form, [role=status], .info, .opblock-tag, .opblock-summary');
      expect(CHINESE.test((await texts.allInnerTexts()).join())).toBe(false);
      expect(await field(await tryOut(page, 'refresh'), 'refreshToken').inputValue()).toBe(
        'a-token-that-nobody-knows',
      );
      const { status, body } = await execute(page, 'refresh');
      expect({ status, code: body.error.errorCode }).toEqual({ status: 401, code: 'REFRESH_TOKEN_EXPIRED' });
    },
    PATIENCE_MS,
  );

  test(
    'an opened call is two or three screens high, in light and dark colours, and fits a telephone',
    async () => {
      const { page } = opened;
      // In `npm test` not executed above: its answer makes a call higher.
      const block = await tryOut(page, 'revoke');
      expect((await block.boundingBox())?.height).toBeLessThan(3_500);
      const duration = "getComputedStyle(document.querySelector('.execute')).transitionDuration";
      expect(await page.evaluate(duration)).toBe('0s');
      const example = block.locator('.error-example').first();
      expect(await example.locator('pre').count()).toBe(0);
      await example.locator('summary').click();
      await example.locator('pre').first().waitFor();
      expect(await field(block, 'XverifyApi').inputValue()).toBe('');
      expect(await field(block, 'XverifyApi').getAttribute('placeholder')).toMatch(/^computed by this page/);

      // The browser reports a new colour scheme a moment later.
      const isDark = (dark: boolean) =>
        page.locator(dark ? 'html.dark-mode' : 'html:not(.dark-mode)').waitFor();
      await isDark(false);
      await page.emulateMedia({ colorScheme: 'dark' });
      await isDark(true);
      await page.getByRole('combobox', { name: 'Colours' }).selectOption('Light');
      await isDark(false);

      await page.setViewportSize({ width: 375, height: 800 });
      const right = await page
        .getByRole('button')
        .evaluateAll((buttons) => Math.max(...buttons.map((each) => each.getBoundingClientRect().right)));
      expect(right).toBeLessThanOrEqual(375);
      await page.setViewportSize({ width: 1280, height: 1000 });
    },
    PATIENCE_MS,
  );

  test(
    'a new project, its login, and each new refresh token is in the next call; a reload forgets none of it',
    async () => {
      const { page } = opened;
      await page.getByLabel('Project', { exact: true }).fill('acme');
      await page.getByLabel('Project', { exact: true }).press('Tab');
      await page.getByText('Signed in as alice').waitFor();

      const login = await execute(page, 'login');
      expect(login.body.data['tokenUser']).toMatchObject({ userId: 'alice' });
      let { refreshToken } = login.body.data;
      const posted = await tryOut(page, 'refreshByPost');
      expect(JSON.parse(await bodyOf(posted).inputValue())).toEqual({ refreshToken });
      const { status, body } = await execute(page, 'refreshByPost');
      expect({ status, tokenSeq: body.data.tokenSeq }).toEqual({ status: 200, tokenSeq: 2 });
      expect(body.data.refreshToken).not.toBe(refreshToken);
      ({ refreshToken } = body.data);
      const documented = await tryOut(page, 'refresh');
      expect(await field(documented, 'refreshToken').inputValue()).toBe(refreshToken);
      await field(documented, '_nodejs').selectOption('common-data-under');
      const under = await execute(page, 'refresh');
      expect(under.body.data).toMatchObject({ token_seq: 3, token_user: { user_id: 'alice' } });
      const introspect = await tryOut(page, 'introspect');
      expect(JSON.parse(await bodyOf(introspect).inputValue())).toEqual({
        token: under.body.data['refresh_token'],
      });

      await page.reload();
      await page.locator('.opblock').first().waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
      expect(await page.locator('html.dark-mode').count()).toBe(0);
      expect(await page.getByLabel('Project', { exact: true }).inputValue()).toBe('acme');
      expect((await execute(page, 'user')).body.data).toMatchObject({ userId: 'alice' });
      expect(await field(await tryOut(page, 'refresh'), 'refreshToken').inputValue()).toBe(
        under.body.data['refresh_token'],
      );
    },
    PATIENCE_MS,
  );

  test(
    'Authorize chooses the project, too',
    async () => {
      const { page } = opened;
      await page.locator('#profile[data-chosen=acme]').waitFor();
      await page.getByRole('button', { name: 'Authorize' }).click();
      const project = page.locator('.auth-container', { hasText: 'XownerId' });
      await project.locator('button', { hasText: 'Logout' }).click();
      await project.getByRole('textbox').fill('ptdev');
      await project.locator('button[type=submit]').click();
      await project.locator('button', { hasText: 'Close' }).click();
      expect(await field(await tryOut(page, 'user'), 'XownerId').inputValue()).toBe('ptdev');
      expect((await execute(page, 'user')).body.data).toMatchObject({ userId: SEED_SESSION.userId });
    },
    PATIENCE_MS,
  );

  test(
    'what somebody enters himself is sent as it is',
    async () => {
      const { page } = opened;
      const block = await tryOut(page, 'refresh');
      await field(block, 'XverifyApi').fill('my-own-value');
      const { status, body } = await execute(page, 'refresh');
      expect({ status, code: body.error.errorCode }).toEqual({ status: 401, code: 'VERIFY_API_REFUSED' });
    },
    PATIENCE_MS,
  );
});

describe('the page, in production', () => {
  const KEY = 'a key that stays in the browser';
  /** One for each cipher. */
  const ENCODINGS: Readonly<Record<string, string>> = {
    'des-ecb': 'base64',
    'des-cbc': 'hex',
    'des-ede3-cbc': 'base64',
    'hmac-sha256': 'base64url',
  };
  const PADDINGS: Readonly<Record<string, string>> = { 'des-ede3-cbc': 'zeros' };
  const OPERATOR = 'an-operators-token-that-stays-on-the-page';

  let app: NestFastifyApplication;
  let url: string;

  beforeAll(async () => {
    ({ app, url } = await start({
      NODE_ENV: 'production',
      SWAGGER_ENABLED: 'true',
      JWT_SECRET: 'a-secret-of-this-test-alone-0123456789',
      TOKEN_PEPPER: 'a-pepper-of-this-test-alone-0123456789',
      OPERATOR_TOKEN_HASH: createHash('sha256').update(OPERATOR).digest('hex'),
    }));
  });
  let opened: OpenedPage;
  afterAll(async () => {
    await opened?.page.context().close();
    await app.close();
  });

  test(
    'asks for the key, uses it, and never sends it',
    async () => {
      const ciphers = {
        'des-ecb': null,
        'des-cbc': 'vector',
        'des-ede3-cbc': 'hex:1234567890abcdef',
        'hmac-sha256': null,
      };
      for (const [cipher, iv] of Object.entries(ciphers)) await addProject(app, cipher, iv, KEY);
      opened = await openPage(browser, url);
      const { page, complaints, sent } = opened;

      expect(await page.getByLabel('Key', { exact: true }).inputValue()).toBe('');
      expect(await page.getByRole('status').innerText()).toContain('Enter your project and its key');
      expect(await field(await tryOut(page, 'refresh'), 'XownerId').inputValue()).toBe('');
      for (const [cipher, iv] of sample(Object.entries(ciphers), 1)) {
        for (const encoding of ALL_CASES ? ['base64', 'hex', 'base64url'] : [ENCODINGS[cipher] ?? '']) {
          await page.getByLabel('Project', { exact: true }).fill(cipher);
          await page.getByLabel('Project', { exact: true }).press('Tab');
          await field(await tryOut(page, 'refresh'), 'refreshToken').fill('a-token-that-nobody-knows');
          await page.getByLabel('Cipher').selectOption(cipher);
          if (cipher !== 'hmac-sha256')
            await page.getByLabel('Padding').selectOption(PADDINGS[cipher] ?? 'pkcs7');
          await page.getByLabel('Encoding').selectOption(encoding);
          await page.getByLabel('Key', { exact: true }).fill(KEY);
          if (iv !== null) await page.getByLabel('IV', { exact: true }).fill(iv);
          const { status, body } = await execute(page, 'refresh');
          expect({ cipher, encoding, status, code: body.error.errorCode }).toEqual({
            cipher,
            encoding,
            status: 401,
            code: 'REFRESH_TOKEN_EXPIRED',
          });
        }
      }
      expect(sent.length).toBeGreaterThan(3);
      for (const secret of [KEY, encodeURIComponent(KEY), 'vector'])
        expect(sent.filter((request) => request.includes(secret))).toEqual([]);

      await page.getByRole('button', { name: 'Authorize' }).click();
      const operator = page.locator('.auth-container', { hasText: /^operator/ });
      await operator.getByRole('textbox').fill(OPERATOR);
      await operator.locator('button[type=submit]').click();
      await operator.locator('button', { hasText: 'Close' }).click();
      expect((await execute(page, 'adminListProjects')).status).toBe(200);
      expect(await field(await tryOut(page, 'adminDisableUser'), 'userId').inputValue()).toBe('');
      const kept = String(await page.evaluate('JSON.stringify([localStorage, sessionStorage])'));
      for (const secret of [KEY, OPERATOR]) expect(kept).not.toContain(secret);
      expect(await page.evaluate('localStorage.length')).toBe(0);
      expect(complaints).toEqual([]);
    },
    PATIENCE_MS,
  );

  async function addProject(app: NestFastifyApplication, cipher: string, iv: string | null, key: string) {
    const row = {
      owner_id: cipher,
      name: cipher,
      status: 'active',
      status_mode: 'http',
      time_zone: 'UTC',
      access_token_seconds: 600,
      refresh_policy: 'rotate',
      grace_seconds: 60,
      idle_seconds: null,
      absolute_seconds: 86_400,
      lost_response: 'reissue',
      max_sessions: null,
      verify_cipher: cipher,
      verify_key: key,
      verify_iv: iv,
      verify_padding: PADDINGS[cipher] ?? 'pkcs7',
      verify_encoding: 'base64',
      verify_skew_seconds: 300,
      verify_stamp_required: true,
      created_at: 0,
    };
    const names = Object.keys(row);
    const marks = names.map((_, index) => `$${index + 1}`);
    await app
      .get(SqlDatabase, { strict: false })
      .transact((transaction) =>
        transaction.all(
          `INSERT INTO bo_project (${names.join(', ')}) VALUES (${marks.join(', ')})`,
          Object.values(row) as never,
        ),
      );
  }
});
