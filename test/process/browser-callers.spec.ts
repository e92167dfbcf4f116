import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { SqlDatabase } from '../../src/database/sql-database.js';
import { StoreUnavailable } from '../../src/database/store-unavailable.js';
import { encryptByDES, startApp, type TestApp } from '../support/app.js';
import { CHROMIUM_DEADLINE_MS, launchChromium } from '../support/chromium.js';

/** What a page saw of a response; `error` if the browser withheld it. */
type Seen = { status: number; code: string | null; seq?: number; token?: string } | { error: string };

interface Answered {
  data: { tokenSeq: number; refreshToken: string } | null;
  error: { errorCode: string | null };
}

const PER_MINUTE = 4;
/** Neither `localhost` nor `127.0.0.1`, which development allows. */
const FOREIGN_HOST = '127.0.0.2';

let browser: Browser;
let pages: Server;
let test: TestApp;
let service: string;

beforeAll(async () => {
  browser = await launchChromium();
  pages = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>A page</title>');
  });
  await new Promise<void>((resolve) => pages.listen(0, '0.0.0.0', resolve));
  test = await startApp();
  await test.app.listen(0, '127.0.0.1');
  service = await test.app.getUrl();
}, CHROMIUM_DEADLINE_MS);

afterAll(async () => {
  await browser?.close();
  pages?.close();
  await test?.close();
});

const originOf = (host: string) => `http://${host}:${(pages.address() as AddressInfo).port}`;

async function open(url: string, context?: BrowserContext): Promise<Page> {
  const page = await (context ?? (await browser.newContext())).newPage();
  await page.goto(url);
  return page;
}

/** Sends a request from the page, as a script in it would. */
function send(page: Page, path: string, body: object | null, base = service): Promise<Seen> {
  const verify = encryptByDES(randomUUID(), 'acme-key');
  return page.evaluate(
    async ({ url, headers, text }) => {
      try {
        const response = await fetch(url, { method: text === null ? 'GET' : 'POST', headers, body: text });
        const { data, error } = (await response.json()) as Answered;
        const { tokenSeq: seq, refreshToken: token } = data ?? {};
        return { status: response.status, code: error.errorCode, seq, token };
      } catch (error) {
        return { error: String(error) };
      }
    },
    {
      url: `${base}/bo/api/v3${path}`,
      headers: { XownerId: 'acme', XverifyApi: verify, 'Content-Type': 'application/json' },
      text: body === null ? null : JSON.stringify(body),
    },
  );
}

const BOB = { userName: 'bob', password: 'bob-password' };

describe('a page of an allowed origin', () => {
  let page: Page;
  beforeAll(async () => {
    page = await open(originOf('localhost'));
  }, 120_000);

  it('reads what becomes of its login and its refreshes, outages included', async () => {
    const login = await send(page, '/auth/token', BOB);
    expect(login).toMatchObject({ status: 200, seq: 1 });
    const { token } = login as { token: string };
    expect(await send(page, `/auth/token/refresh?refreshToken=${token}`, null)).toMatchObject({
      status: 200,
      seq: 2,
    });
    expect(await send(page, '/auth/token/refresh', { refreshToken: 'unknown' })).toMatchObject({
      status: 401,
      code: 'REFRESH_TOKEN_EXPIRED',
    });

    const database = test.app.get(SqlDatabase, { strict: false });
    const fails = () => Promise.reject(new StoreUnavailable('gone'));
    Object.assign(database, { all: fails, find: fails });
    test.clock.advance(STALENESS_MS + 1);
    const outage = await send(page, '/auth/token/refresh', { refreshToken: token });
    for (const method of ['all', 'find']) Reflect.deleteProperty(database, method);
    expect(outage).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
  }, 120_000);

  it('reads that it sent too many requests', async () => {
    const limited = await startApp({ RATE_LIMIT_PER_MINUTE: String(PER_MINUTE) });
    await limited.app.listen(0, '127.0.0.1');
    const url = await limited.app.getUrl();
    for (let i = 0; i < PER_MINUTE; i++)
      expect(await send(page, '/auth/token/refresh', {}, url)).toMatchObject({ status: 400 });
    expect(await send(page, '/auth/token/refresh', {}, url)).toMatchObject({
      status: 429,
      code: 'RATE_LIMITED',
    });
    await limited.close();
  }, 120_000);
});

it('a page of a foreign origin reads nothing, and its login is not even sent', async () => {
  const page = await open(originOf(FOREIGN_HOST));
  const before = await test.sql('SELECT id FROM bo_auth_session');
  for (const body of [BOB, null])
    expect(await send(page, '/auth/token', body)).toEqual({ error: 'TypeError: Failed to fetch' });
  expect(await test.sql('SELECT id FROM bo_auth_session')).toEqual(before);
}, 120_000);

describe('a refresh token in a cookie', () => {
  let context: BrowserContext;
  let tab: Page;
  const seqs = () =>
    test.sql<{ token_seq: number }>(`SELECT token_seq FROM bo_auth_session WHERE client_id = 'page'`);

  beforeAll(async () => {
    await test.sql(`UPDATE bo_project SET refresh_token_in = 'cookie' WHERE owner_id = 'acme'`);
    test.clock.advance(STALENESS_MS + 1);
    context = await browser.newContext();
    // Any page of the service's own origin.
    tab = await open(`${service}/health/live`, context);
    expect(await send(tab, '/auth/token', { ...BOB, clientId: 'page' })).toMatchObject({
      status: 200,
      token: '',
    });
  }, 120_000);

  it('is nowhere where a script could read it', async () => {
    const readable = await tab.evaluate<string>(
      'JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])',
    );
    expect(readable).toBe('["",{},{}]');
    expect((await context.cookies(`${service}/bo/api/v3/auth/token`)).map(({ name }) => name)).toEqual([
      'bo_rt.acme',
    ]);
  });

  it('refreshes for two tabs at once, and signs out both', async () => {
    const other = await open(`${service}/health/live`, context);
    const seen = await Promise.all([tab, other].map((page) => send(page, '/auth/token/refresh', {})));
    expect(seen).toEqual([
      expect.objectContaining({ status: 200, token: '' }),
      expect.objectContaining({ status: 200, token: '' }),
    ]);
    expect(await send(other, '/auth/token/refresh', {})).toMatchObject({ status: 200 });
  }, 120_000);

  it('is not sent by a form of another site, which changes nothing', async () => {
    const before = await seqs();
    for (const path of ['refresh', 'revoke']) {
      const evil = await open(originOf(FOREIGN_HOST), context);
      await evil.setContent(`<form method="post" action="${service}/bo/api/v3/auth/token/${path}"></form>`);
      const [answer] = await Promise.all([
        evil.waitForResponse((response) => response.url().endsWith(path)),
        evil.evaluate('document.forms[0].submit()'),
      ]);
      expect([answer.status(), 'cookie' in (await answer.request().allHeaders())]).toEqual([400, false]);
    }
    expect(await seqs()).toEqual(before);
    expect(await send(tab, '/auth/token/refresh', {})).toMatchObject({ status: 200 });
  }, 120_000);

  it('is gone after the logout', async () => {
    expect(await send(tab, '/auth/token/revoke', {})).toMatchObject({ status: 200 });
    expect(await context.cookies(`${service}/bo/api/v3/auth/token`)).toEqual([]);
    expect(await send(tab, '/auth/token/refresh', {})).toMatchObject({ status: 400 });
  });
});
