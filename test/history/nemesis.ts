import { setTimeout as sleep } from 'node:timers/promises';
import type { RandomSource } from './random-source.js';
import type { Cluster } from './servers.js';

/** A fault that is injected and repaired before the promise resolves. */
export interface Fault {
  /** The name on the command line. */
  readonly key: string;
  readonly name: string;
  /** Relative frequency. */
  readonly weight: number;
  strike(cluster: Cluster, random: RandomSource): Promise<void>;
}

/** `kill -9` and restart of one process. */
export const killOne: Fault = {
  key: 'kill',
  name: 'kill -9 of one process',
  weight: 6,
  async strike(cluster, random) {
    const victim = random.below(cluster.size);
    await cluster.kill(victim);
    await sleep(random.between(0, 200));
    await cluster.start(victim);
  },
};

/** `kill -9` of all processes together: acknowledged changes must not exist only in memory. */
export const killAll: Fault = {
  key: 'kill-all',
  name: 'kill -9 of all processes',
  weight: 1,
  async strike(cluster) {
    const all = Array.from({ length: cluster.size }, (_, index) => index);
    await Promise.all(all.map((index) => cluster.kill(index)));
    await Promise.all(all.map((index) => cluster.start(index)));
  },
};

/** SIGTERM and restart, as in a rolling update. */
export const restartOne: Fault = {
  key: 'stop',
  name: 'SIGTERM and restart',
  weight: 2,
  async strike(cluster, random) {
    const victim = random.below(cluster.size);
    await cluster.stop(victim);
    await cluster.start(victim);
  },
};

/** Freezes a process for a while, possibly while it holds the database's write lock. */
export const pauseOne: Fault = {
  key: 'freeze',
  name: 'freeze of one process',
  weight: 3,
  strike: (cluster, random) => cluster.pause(random.below(cluster.size), random.between(50, 800)),
};

export const processFaults: readonly Fault[] = [killOne, killAll, restartOne, pauseOne];

/** One injected fault, in the time of the history. */
export interface Strike {
  readonly name: string;
  readonly began: number;
  /** When the fault was repaired: the killed server is ready, the frozen one continues. */
  readonly ended: number;
}

function draw(faults: readonly Fault[], random: RandomSource): Fault | undefined {
  let ticket = random.next() * faults.reduce((sum, { weight }) => sum + weight, 0);
  return faults.find(({ weight }) => (ticket -= weight) < 0);
}

/**
 * Injects `count` faults one after the other, spread evenly over a run.
 * @param progress of the run, 0 to 1
 * @param now the time of the history, in ns
 * @returns the injected faults, in order
 */
export async function plague(
  cluster: Cluster,
  faults: readonly Fault[],
  count: number,
  random: RandomSource,
  progress: () => number,
  now: () => number,
): Promise<readonly Strike[]> {
  const struck: Strike[] = [];
  for (let index = 0; index < count; index++) {
    const due = (index + random.between(0.2, 0.8)) / count;
    while (progress() < due) await sleep(10);
    const fault = draw(faults, random);
    if (fault === undefined) break;
    const began = now();
    await fault.strike(cluster, random);
    struck.push({ name: fault.name, began, ended: now() });
  }
  return struck;
}
