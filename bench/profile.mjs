// @ts-check
/** Reads a `.cpuprofile`, as `node --cpu-prof` writes it. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {object} SelfTime
 * @property {string} name function
 * @property {string} place file and line
 * @property {number} microseconds in all
 */

/**
 * Self time per function within the window, the longest first. `(program)` is native code outside of any
 * JavaScript frame; idle time is left out.
 *
 * @param {string} file
 * @param {[start: number, end: number]} window µs of the monotonic clock, which is the profile's too
 * @returns {SelfTime[]}
 */
export function selfTimes(file, [start, end]) {
  /** @type {{ nodes: { id: number, callFrame: { functionName: string, url: string, lineNumber: number } }[], samples: number[], timeDeltas: number[], startTime: number }} */
  const profile = JSON.parse(readFileSync(file, 'utf8'));
  /** @type {Map<number, SelfTime>} */
  const byNode = new Map();
  /** @type {Map<string, SelfTime>} */
  const byFunction = new Map();
  for (const { id, callFrame } of profile.nodes) {
    const name = callFrame.functionName || '(anonymous)';
    const place = callFrame.url === '' ? '' : `${shortPath(callFrame.url)}:${callFrame.lineNumber + 1}`;
    const key = `${name} ${place}`;
    const entry = byFunction.get(key) ?? { name, place, microseconds: 0 };
    byFunction.set(key, entry);
    byNode.set(id, entry);
  }
  let at = profile.startTime;
  profile.samples.forEach((node, i) => {
    const delta = profile.timeDeltas[i] ?? 0;
    at += delta;
    const entry = byNode.get(node);
    if (entry && at >= start && at <= end) entry.microseconds += delta;
  });
  return [...byFunction.values()]
    .filter((entry) => entry.microseconds > 0 && entry.name !== '(idle)')
    .sort((a, b) => b.microseconds - a.microseconds);
}

/** @param {string} url */
function shortPath(url) {
  const file = url.replace('file://', '');
  const packages = file.lastIndexOf('node_modules/');
  return packages >= 0
    ? file.slice(packages + 'node_modules/'.length)
    : file.startsWith('/')
      ? path.relative(process.cwd(), file)
      : file;
}

/**
 * @param {string} folder
 * @returns {string | null} the newest profile of a folder
 */
export function profileIn(folder) {
  const found = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  const newest = found.sort().at(-1);
  return newest === undefined ? null : path.join(folder, newest);
}
