// @ts-check
/** CPU time and memory of processes, read from `/proc` (Linux), and the statistics of a run. */
import { readFileSync, readdirSync } from 'node:fs';

/** The kernel's USER_HZ: 100 on every architecture that Node runs on. */
const TICK_US = 1_000_000 / 100;

/**
 * The fields of `/proc/<pid>/stat` after the command, which may contain spaces and parentheses.
 *
 * @param {string | number} pid
 * @returns {string[] | null} null if the process does not exist (any more)
 */
function statFields(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/**
 * The processes and all their running descendants.
 *
 * @param {number[]} roots
 * @returns {number[]}
 */
export function processTree(roots) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(statFields(name)?.[1] ?? -1);
    const siblings = children.get(parent);
    if (siblings) siblings.push(Number(name));
    else children.set(parent, [Number(name)]);
  }
  const found = [...roots];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/**
 * User and system time of the processes and all their descendants, including those that have ended and were
 * waited for.
 *
 * @param {number[]} roots
 * @returns {number} µs, in steps of 10,000
 */
export function cpuTime(roots) {
  let ticks = 0;
  for (const pid of processTree(roots)) {
    const fields = statFields(pid);
    // proc(5): utime, stime, cutime, cstime are fields 14 to 17; the first here is field 3.
    if (fields) for (let i = 11; i <= 14; i++) ticks += Number(fields[i]);
  }
  return ticks * TICK_US;
}

/**
 * Cost per request in short slices of a run. Other work on the machine evicts CPU caches and raises the mean; the
 * cheapest slices show what the server needs without such disturbance.
 */
export class Slices {
  static MS = 100;
  #processes;
  #cpu;
  #requests = 0;
  /** @type {number[]} */
  #costs = [];

  /** @param {number[]} roots their descendants must not change during the run */
  constructor(roots) {
    this.#processes = processTree(roots);
    this.#cpu = this.#read();
  }

  /**
   * Ends a slice.
   *
   * @param {number} requests answered since the start
   */
  cut(requests) {
    const cpu = this.#read();
    const count = requests - this.#requests;
    if (count > 0) this.#costs.push((cpu - this.#cpu) / count);
    this.#cpu = cpu;
    this.#requests = requests;
  }

  /** @returns {number} µs per request, the tenth cheapest of a hundred slices */
  quiet() {
    return quantile(
      this.#costs.sort((a, b) => a - b),
      0.1,
    );
  }

  // schedstat counts nanoseconds, stat only hundredths of a second. It does not include threads that have ended.
  #read() {
    let nanoseconds = 0;
    for (const pid of this.#processes) {
      try {
        for (const thread of readdirSync(`/proc/${pid}/task`))
          nanoseconds += Number(
            readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ', 1)[0],
          );
      } catch {
        // ended
      }
    }
    return nanoseconds / 1000;
  }
}

/**
 * CPU time of all processes on the machine so far.
 *
 * @returns {number} µs, in steps of 10,000
 */
export function machineTime() {
  // proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; guest time is within user.
  const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'latin1')
    .slice(0, 200)
    .split(/\s+/)
    .map(Number);
  const ticks = [user, nice, system, irq, softirq, steal].reduce((sum = 0, part = 0) => sum + part, 0);
  return (ticks ?? 0) * TICK_US;
}

/**
 * @param {number[]} roots
 * @param {'VmHWM' | 'VmRSS'} field peak or current resident memory
 * @returns {number} bytes, summed over the processes and their descendants
 */
export function residentMemory(roots, field) {
  let kib = 0;
  for (const pid of processTree(roots)) {
    try {
      const found = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(
        readFileSync(`/proc/${pid}/status`, 'latin1'),
      );
      kib += Number(found?.[1] ?? 0);
    } catch {
      // The process ended between listing and reading.
    }
  }
  return kib * 1024;
}

/**
 * @param {ArrayLike<number>} sorted ascending
 * @param {number} share 0 to 1
 * @returns {number} nearest rank; NaN for an empty list
 */
export function quantile(sorted, share) {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** @param {number[]} values */
export function median(values) {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
