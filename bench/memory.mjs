// @ts-check
/** What the service keeps in memory: after each hundred thousand of a million refreshes, and for a cached session. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { gather } from './crowd.mjs';
import { logIn } from './measurement.mjs';

const CONNECTIONS = 64;
const SOAK_STEPS = 10;
const SOAK_STEP = 100_000;
/** Sessions that warm the server, and those whose memory is then looked at, each refreshed so many times. */
const WARM = 1_000;
const COUNTED = 10_000;
const REFRESHES = 4;

/**
 * @param {import('./measurement.mjs').Laboratory} laboratory
 * @param {import('./cases.mjs').Case} each
 * @returns {Promise<{ requests: number, resident: number }[]>} bytes after so many requests
 */
export async function soak(laboratory, each) {
  const connections = Array.from({ length: SOAK_STEPS }, () => CONNECTIONS);
  const { samples } = await laboratory.measure(each, { round: 0, connections, requests: SOAK_STEP });
  return samples.map(({ result }, index) => ({
    requests: (index + 1) * SOAK_STEP,
    resident: result.resident,
  }));
}

/**
 * The difference that ten thousand sessions make to what is on the heap after a collection: the copy of each, its
 * derived key, and the maps' own entries.
 *
 * @param {import('./measurement.mjs').Laboratory} laboratory
 * @param {import('./cases.mjs').Case} each over SQLite
 * @returns {Promise<number>} bytes for each cached session
 */
export async function sessionMemory(laboratory, each) {
  const folder = laboratory.folderOf(each, `${each.name}-memory`);
  const first = await laboratory.start(each, { folder });
  const [model] = await logIn(each, first.port, 1);
  await first.stop();
  if (model === undefined) throw new Error('nobody logged in');
  const sessions = await gather(path.join(folder, each.database), model, each.pepper, {
    sessions: WARM + COUNTED,
  });
  const file = path.join(folder, 'heap');
  const preload = pathToFileURL(path.join(import.meta.dirname, 'collect-garbage.mjs')).href;
  const server = await laboratory.start(each, {
    folder,
    nodeOptions: ['--expose-gc', '--import', preload],
    env: { HEAP_FILE: file },
  });
  try {
    /**
     * @param {import('./virtual-users.mjs').Session[]} users
     * @param {number} requests
     */
    const heapAfter = async (users, requests) => {
      const lines = linesOf(file).length;
      await laboratory.drive(each, server, { connections: CONNECTIONS, sessions: users, requests });
      process.kill(server.pid, 'SIGUSR2');
      for (let waited = 0; linesOf(file).length === lines; waited++) {
        if (waited > 1_000) throw new Error('the server does not say what is on its heap');
        await sleep(20);
      }
      return Number(linesOf(file).at(-1));
    };
    const before = await heapAfter(sessions.slice(0, WARM), COUNTED * REFRESHES);
    const after = await heapAfter(sessions.slice(WARM), COUNTED * REFRESHES);
    return (after - before) / COUNTED;
  } finally {
    await server.stop();
  }
}

/** @param {string} file */
function linesOf(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}
