// @ts-check
/** Memory of the service: after each hundred thousand of a million refreshes, and per cached session. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { logIn, say } from './measurement.mjs';

const CONNECTIONS = 64;
const SOAK_STEPS = 10;
const SOAK_STEP = 100_000;
/** Number of sessions that warm the server up, then of those that are measured, and of refreshes of each. */
const WARM = 1_000;
const COUNTED = 10_000;
const REFRESHES = 4;

/** A server that reports its heap size after a garbage collection; resident memory would mostly show garbage. */
class Weighed {
  /**
   * @param {import('./processes.mjs').Running} server
   * @param {string} file to which the server writes
   */
  constructor(server, file) {
    this.server = server;
    this.file = file;
  }

  /**
   * @param {import('./measurement.mjs').Laboratory} laboratory
   * @param {import('./cases.mjs').Case} each
   * @param {string} folder
   */
  static async start(laboratory, each, folder) {
    const file = path.join(folder, 'heap');
    const preload = pathToFileURL(path.join(import.meta.dirname, 'collect-garbage.mjs')).href;
    const server = await laboratory.start(each, {
      folder,
      nodeOptions: ['--expose-gc', '--import', preload],
      env: { HEAP_FILE: file },
    });
    return new Weighed(server, file);
  }

  /** @returns {Promise<number>} bytes */
  async heap() {
    const before = this.#lines().length;
    process.kill(this.server.pid, 'SIGUSR2');
    for (let waited = 0; this.#lines().length === before; waited++) {
      if (waited > 1_000) throw new Error('the server did not report its heap size');
      await sleep(20);
    }
    return Number(this.#lines().at(-1));
  }

  #lines() {
    return existsSync(this.file) ? readFileSync(this.file, 'utf8').split('\n').filter(Boolean) : [];
  }
}

/**
 * @param {import('./measurement.mjs').Laboratory} laboratory
 * @param {import('./cases.mjs').Case} each
 * @returns {Promise<{ requests: number, heap: number, resident: number }[]>} bytes after each number of requests
 */
export async function soak(laboratory, each) {
  const weighed = await Weighed.start(laboratory, each, laboratory.folderOf(each, `${each.name}-soak`));
  try {
    let sessions = await logIn(each, weighed.server.port, laboratory.effort.users);
    const steps = [];
    for (let step = 1; step <= SOAK_STEPS; step++) {
      const plan = { connections: CONNECTIONS, sessions, requests: SOAK_STEP };
      const result = await laboratory.drive(each, weighed.server, plan);
      if (result.failures > 0) throw new Error(result.firstFailure ?? 'wrong answers');
      sessions = result.sessions;
      const { resident } = result;
      steps.push({ requests: step * SOAK_STEP, heap: await weighed.heap(), resident });
      say(`${each.name}: ${step * SOAK_STEP} refreshes`);
    }
    return steps;
  } finally {
    await weighed.server.stop();
  }
}

/**
 * How much ten thousand sessions add to the heap after a garbage collection: a copy of each, its derived key, and the
 * map entries.
 *
 * @param {import('./measurement.mjs').Laboratory} laboratory
 * @param {import('./cases.mjs').Case} each over SQLite
 * @returns {Promise<number>} bytes per cached session
 */
export async function sessionMemory(laboratory, each) {
  const folder = laboratory.folderOf(each, `${each.name}-memory`);
  const sessions = await laboratory.crowd(each, folder, { sessions: WARM + COUNTED });
  const weighed = await Weighed.start(laboratory, each, folder);
  try {
    /** @param {import('./virtual-users.mjs').Session[]} users */
    const heapAfter = async (users) => {
      const requests = COUNTED * REFRESHES;
      await laboratory.drive(each, weighed.server, { connections: CONNECTIONS, sessions: users, requests });
      return weighed.heap();
    };
    const before = await heapAfter(sessions.slice(0, WARM));
    const after = await heapAfter(sessions.slice(WARM));
    return (after - before) / COUNTED;
  } finally {
    await weighed.server.stop();
  }
}
