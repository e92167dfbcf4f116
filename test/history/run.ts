import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCampaign, type CampaignReport } from './campaign.js';
import { copyDemoData, terrainOf } from './demo-copies.js';
import { processFaults } from './nemesis.js';
import { RandomSource } from './random-source.js';
import { reportText } from './report.js';
import { ServerProcesses } from './servers.js';

const USAGE = `npm run check:history -- [--processes 2] [--chains 200] [--seconds 30] [--faults 10] [--think 60]
    [--seed n] [--history file]

Starts server processes on one database, drives chains of refreshes through faults, and judges what was answered.
--faults   how many faults strike (default: one in three seconds)
--think    mean pause of a tab between two rounds, in milliseconds
--history  writes every request and answer to a file, one JSON object a line; it holds no token
`;

interface RunOptions {
  readonly processes: number;
  readonly chains: number;
  readonly seconds: number;
  readonly faults: number;
  readonly think: number;
  readonly seed: number;
  readonly history?: string;
}

/** Shorter than any run, longer than a request that waits for another's write. */
const BRIEF_GRACE_SECONDS = 2;

function readOptions(): RunOptions | undefined {
  const { values } = parseArgs({
    options: {
      processes: { type: 'string', default: '2' },
      chains: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '30' },
      faults: { type: 'string' },
      think: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      history: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds);
  const options = {
    processes: Number(values.processes),
    chains: Number(values.chains),
    seconds,
    faults: values.faults === undefined ? Math.ceil(seconds / 3) : Number(values.faults),
    think: Number(values.think),
    seed: Number(values.seed),
    history: values.history,
  };
  const numbers = [options.processes, options.chains, seconds, options.faults, options.think, options.seed];
  const wrong = numbers.some((number) => !Number.isFinite(number) || number < 0);
  return values.help || wrong || options.processes < 1 ? undefined : options;
}

async function run(options: RunOptions): Promise<CampaignReport> {
  const folder = await mkdtemp(join(tmpdir(), 'bo-auth-history-'));
  const file = join(folder, 'history.sqlite');
  const environment = {
    NODE_ENV: 'development',
    DATABASE_URL: `sqlite:${file}`,
    REDIS_URL: '',
    RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: 'error',
    JWT_SECRET: 'a-secret-of-the-history-checker-alone',
    TOKEN_PEPPER: 'a-pepper-of-the-history-checker-alone',
  };
  const main = resolve('dist/main.js');
  const random = new RandomSource(options.seed);
  try {
    const servers = await ServerProcesses.launch(
      { processes: options.processes, main, environment },
      random,
      () => copyDemoData(file, options.chains, BRIEF_GRACE_SECONDS),
    );
    try {
      return await runCampaign(servers, terrainOf(options.chains, BRIEF_GRACE_SECONDS), {
        chains: options.chains,
        length: { seconds: options.seconds },
        faults: processFaults,
        faultCount: options.faults,
        seed: options.seed,
        thinkMs: options.think,
      });
    } finally {
      await servers.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const report = await run(options);
  process.stdout.write(`${reportText(report, options.seed)}\n`);
  if (options.history !== undefined) {
    await writeFile(
      options.history,
      report.history.map((operation) => `${JSON.stringify(operation)}\n`).join(''),
    );
  }
  return report.verdict.violations.length === 0 ? 0 : 1;
}

process.exitCode = await main();
