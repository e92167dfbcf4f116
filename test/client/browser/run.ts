import { parseArgs } from 'node:util';
import { launchChromium } from '../../support/chromium.js';
import { endAll } from '../../support/service-process.js';
import { processBackend } from './backend.js';
import { checkInBrowser, type CheckResult } from './check.js';
import { tableOf } from './table.js';

const USAGE = `npm run check:browser -- [--tabs 8] [--calm 60] [--seconds 120] [--control 40] [--every 500]
    [--seed n]

Drives the tabs of one Chromium profile through faults: first with @bo-auth/client, then with the usual flag-and-queue
algorithm as the control.
--calm     seconds without faults, in which refreshes are counted
--seconds  seconds with faults
--control  seconds with faults for the control
--every    milliseconds between two requests of a tab; more for a busy machine

Exit code: 0 the client kept every promise and the control did not, 1 otherwise, 2 wrong options.
`;

const LIFETIMES = { accessSeconds: 10, graceSeconds: 15 };

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      tabs: { type: 'string', default: '8' },
      calm: { type: 'string', default: '60' },
      seconds: { type: 'string', default: '120' },
      control: { type: 'string', default: '40' },
      every: { type: 'string', default: '500' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      help: { type: 'boolean', default: false },
    },
  });
  const [tabs = 0, calm = 0, seconds = 0, control = 0, everyMs = 0, seed = 0] = [
    values.tabs,
    values.calm,
    values.seconds,
    values.control,
    values.every,
    values.seed,
  ].map(Number);
  if (values.help || !(tabs > 1 && calm >= 0 && seconds > 0 && control > 0 && everyMs > 0 && seed >= 0)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const browser = await launchChromium();
  const results: CheckResult[] = [];
  try {
    for (const algorithm of ['client', 'control'] as const) {
      const backend = await processBackend(LIFETIMES);
      const isClient = algorithm === 'client';
      const result = await checkInBrowser(browser, backend, {
        ...LIFETIMES,
        algorithm,
        tabs,
        seed,
        everyMs,
        calmSeconds: calm,
        faultSeconds: isClient ? seconds : control,
      });
      await backend.close();
      results.push(result);
      process.stdout.write(
        `${algorithm}: ${JSON.stringify(result.outcomes)}\n${result.violations.map((text) => `  ${text}\n`).join('')}`,
      );
    }
  } finally {
    await browser.close();
    endAll();
  }
  process.stdout.write(`\n${tableOf(results)}\n\nseed ${seed}\n`);
  const [client, usual] = results.map(({ violations }) => violations.length);
  return client === 0 && usual !== 0 ? 0 : 1;
}

process.exit(await main());
