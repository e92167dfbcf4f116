import type { Browser, Locator, Page } from 'playwright-core';

export interface OpenedPage {
  readonly page: Page;
  /** Errors that the browser reported. */
  readonly complaints: string[];
  /** Every request, as text. */
  readonly sent: string[];
}

/** The page as a newcomer has it, in a browser that has never seen it. */
export async function openPage(browser: Browser, url: string, locale = 'en-US'): Promise<OpenedPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 1000 },
    locale,
    // The page then has no transitions, which a click would wait for.
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  const sent: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A refused call is logged by the browser itself, as a resource that failed to load.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('request', (request) => {
    sent.push(JSON.stringify([request.url(), request.headers(), request.postData()]));
  });
  await page.goto(`${url}/docs`);
  await page.locator('.opblock').first().waitFor();
  return { page, complaints, sent };
}

export const call = (page: Page, id: string): Locator => page.locator(`.opblock[id$="-${id}"]`);

/**
 * The operationIds, from the top to the bottom, without those that take a password of one's own or an
 * authenticator app.
 */
export async function callsOn(page: Page): Promise<string[]> {
  const ids = await page.locator('.opblock').evaluateAll((blocks) => blocks.map(({ id }) => id));
  expect(ids.length).toBeGreaterThanOrEqual(38);
  return ids
    .map((id) => id.split('-').at(-1) ?? '')
    .filter((id) => id !== 'changePassword' && (!id.endsWith('SecondFactor') || id.startsWith('admin')));
}

/** Opens a call and presses "Try it out". */
export async function tryOut(page: Page, id: string): Promise<Locator> {
  const block = call(page, id);
  if (!(await isOpen(block))) await toggle(block);
  const offer = block.getByRole('button', { name: 'Try it out' });
  const ready = block.getByRole('button', { name: 'Execute', exact: true });
  // Swagger UI draws the call once more when it has resolved its references.
  do {
    await offer.or(ready).first().waitFor();
    if (await offer.isVisible()) await offer.click();
  } while (!(await ready.isVisible()));
  return block;
}

const toggle = (block: Locator) => block.locator('.opblock-summary-control').click();
const isOpen = (block: Locator) => block.locator('.opblock-body').isVisible();

export interface Shown {
  readonly status: number;
  readonly body: {
    data: Record<string, unknown> & { refreshToken: string; tokenSeq: number };
    error: { errorCode: string };
  };
}

/** Presses "Execute", reads what the page shows of the answer, and closes the call again. */
export async function execute(page: Page, id: string): Promise<Shown> {
  const block = await tryOut(page, id);
  const clear = block.getByRole('button', { name: 'Clear' });
  if (await clear.isVisible()) await clear.click();
  await block.getByRole('button', { name: 'Execute', exact: true }).click();
  const shown = block.locator('.live-responses-table tbody tr.response').first();
  await shown.waitFor();
  const status = Number.parseInt(await shown.locator('.response-col_status').innerText(), 10);
  const text = await shown.locator('pre').first().innerText();
  await toggle(block);
  // The metrics alone are no JSON.
  return { status, body: (text.startsWith('#') ? {} : JSON.parse(text)) as Shown['body'] };
}

export const field = (block: Locator, name: string): Locator =>
  block.locator(`tr[data-param-name="${name}"]`).locator('input, select');

export const bodyOf = (block: Locator): Locator => block.locator('.body-param textarea');
