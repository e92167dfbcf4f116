import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Browser } from 'playwright-core';
import { SEED } from '../runner/seed.js';
import { CHROMIUM_DEADLINE_MS, launchChromium } from '../support/chromium.js';
import { freePort } from '../support/temporary.js';
import { applicationBackend, type Backend } from './browser/backend.js';
import { checkInBrowser, type CheckResult } from './browser/check.js';

/** A small run of `npm run check:browser`; there the server is killed, too. */
const OPTIONS = { accessSeconds: 3, graceSeconds: 10, calmSeconds: 4, faultSeconds: 5, everyMs: 400 };

let browser: Browser;
let backend: Backend;
let client: CheckResult;
let bound: CheckResult;
let control: CheckResult;

beforeAll(async () => {
  [browser, backend] = await Promise.all([launchChromium(), applicationBackend(OPTIONS)]);
  [client, bound, control] = await Promise.all([
    checkInBrowser(browser, backend, { ...OPTIONS, algorithm: 'client', tabs: 4, seed: SEED }),
    checkInBrowser(browser, backend, { ...OPTIONS, algorithm: 'dpop', tabs: 2, seed: SEED }),
    checkInBrowser(browser, backend, {
      ...OPTIONS,
      algorithm: 'control',
      tabs: 2,
      calmSeconds: 0,
      seed: SEED,
    }),
  ]);
}, CHROMIUM_DEADLINE_MS);
afterAll(async () => {
  await browser?.close();
  await backend?.close();
});

test('the client keeps its promises in a browser', () => {
  expect(client.violations).toEqual([]);
  expect(client.outcomes['200']).toBeGreaterThan(10);
  expect(Object.keys(client.faults)).toEqual(
    expect.arrayContaining(['tab frozen', 'logged out', 'storage cleared']),
  );
});

test('so does it where the session is bound to a key that all tabs share', () => {
  expect(bound.violations).toEqual([]);
  // Two tabs send fewer requests than four, and a busy machine still fewer.
  expect(bound.outcomes['200']).toBeGreaterThan(2);
  expect(bound.boundUses).toBeGreaterThan(2);
  expect(client.boundUses).toBe(0);
});

test('the usual algorithm does not, so the check can fail', () => {
  expect(control.violations.length).toBeGreaterThan(0);
});

test('the example page shows two tabs of one session', async () => {
  const port = await freePort();
  const example = spawn(
    process.execPath,
    ['examples/browser/serve.mjs', `http://127.0.0.1:${backend.port()}`],
    {
      env: { PATH: process.env['PATH'], PORT: String(port), BROWSER: 'none' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    await once(example.stdout, 'data');
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    const [left, right] = ['left', 'right'].map((side) => page.frameLocator(`iframe[title="${side} tab"]`));
    await left!.getByRole('button', { name: 'Sign in' }).click();
    await right!.getByText('Signed in as Alice').waitFor();
    await page.getByRole('button', { name: 'Refuse the token' }).click();
    await page.getByRole('button', { name: 'Drop the answer' }).click();
    await right!.getByRole('button', { name: 'Send a request' }).click();
    await right!.locator('#outcome').getByText('200').waitFor();
    const log = page.locator('#log');
    for (const line of ['the token is refused', 'the answer is lost', 'left: refreshed'])
      await log.getByText(line).first().waitFor();
    await left!.getByRole('button', { name: 'Sign out' }).click();
    await right!.getByText('Not signed in').waitFor();
    await page.close();
  } finally {
    example.kill();
  }
});
