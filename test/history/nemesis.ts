import { setTimeout as sleep } from 'node:timers/promises';
import type { RandomSource } from './random-source.js';
import type { Cluster } from './servers.js';

/** Something that goes wrong, and is put right again before the promise resolves. */
export interface Fault {
  /** How a command names it. */
  readonly key: string;
  readonly name: string;
  /** How often it is drawn, relative to the others. */
  readonly weight: number;
  strike(cluster: Cluster, random: RandomSource): Promise<void>;
}

/** `kill -9` of one process, and its restart. */
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

/** `kill -9` of all at once: nothing that was acknowledged may live in a process's memory alone. */
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

/** SIGTERM and a restart, as in a rolling release. */
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

/** A process frozen for a while, perhaps with the database's write lock in its hand. */
export const pauseOne: Fault = {
  key: 'freeze',
  name: 'freeze of one process',
  weight: 3,
  strike: (cluster, random) => cluster.pause(random.below(cluster.size), random.between(50, 800)),
};

export const processFaults: readonly Fault[] = [killOne, killAll, restartOne, pauseOne];

/** One fault that struck, by the clock of the history. */
export interface Strike {
  readonly name: string;
  readonly began: number;
  /** When it was put right again: the server that was killed is ready, the frozen one goes on. */
  readonly ended: number;
}

function draw(faults: readonly Fault[], random: RandomSource): Fault | undefined {
  let ticket = random.next() * faults.reduce((sum, { weight }) => sum + weight, 0);
  return faults.find(({ weight }) => (ticket -= weight) < 0);
}

/**
 * Strikes `count` times, spread evenly over a run, one fault after the other.
 * @param progress how much of the run is over, 0 to 1
 * @param now the time of the history, in nanoseconds
 * @returns what struck, in order
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
