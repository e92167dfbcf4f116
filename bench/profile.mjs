// @ts-check
/** Reads a `.cpuprofile` that `node --cpu-prof` has written. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {object} SelfTime
 * @property {string} name function
 * @property {string} place file and line
 * @property {number} microseconds in total
 */

/**
 * @typedef {object} Profile
 * @property {SelfTime[]} functions by self time, longest first; `(program)` is native code outside of any
 *   JavaScript frame
 * @property {SelfTime[]} owners the same time by component: the innermost package or file of ours on the stack, so
 *   that Node.js's own functions are attributed to their caller
 */

/**
 * What a process did within the window, without idle time.
 *
 * @param {string} file
 * @param {[start: number, end: number]} window µs of the monotonic clock, which the profile uses, too
 * @returns {Profile}
 */
export function readProfile(file, [start, end]) {
  /** @type {{ nodes: { id: number, children?: number[], callFrame: { functionName: string, url: string, lineNumber: number } }[], samples: number[], timeDeltas: number[], startTime: number }} */
  const profile = JSON.parse(readFileSync(file, 'utf8'));
  const functions = new Tally();
  const owners = new Tally();
  /** @type {Map<number, { self: SelfTime, owner: SelfTime | null }>} */
  const nodes = new Map();
  /** @type {Map<number, number>} */
  const parents = new Map();
  for (const { id, children = [], callFrame } of profile.nodes) {
    for (const child of children) parents.set(child, id);
    const name = callFrame.functionName || '(anonymous)';
    const place = callFrame.url === '' ? '' : `${shortPath(callFrame.url)}:${callFrame.lineNumber + 1}`;
    const owner = ownerOf(callFrame.url);
    nodes.set(id, {
      self: functions.entry(name, place),
      owner: owner === null ? null : owners.entry(owner, ''),
    });
  }
  const nobody = owners.entry('Node.js alone', '');
  const collector = owners.entry('(garbage collector)', '');
  let at = profile.startTime;
  profile.samples.forEach((id, i) => {
    const delta = profile.timeDeltas[i] ?? 0;
    at += delta;
    const self = nodes.get(id)?.self;
    if (self === undefined || self.name === '(idle)' || at < start || at > end) return;
    self.microseconds += delta;
    /** @type {number | undefined} */
    let ancestor = id;
    while (ancestor !== undefined && !nodes.get(ancestor)?.owner) ancestor = parents.get(ancestor);
    const owner = ancestor === undefined ? nobody : (nodes.get(ancestor)?.owner ?? nobody);
    (self.name === '(garbage collector)' ? collector : owner).microseconds += delta;
  });
  return { functions: functions.longest(), owners: owners.longest() };
}

class Tally {
  /** @type {Map<string, SelfTime>} */
  #entries = new Map();

  /**
   * @param {string} name
   * @param {string} place
   */
  entry(name, place) {
    const key = `${name} ${place}`;
    const entry = this.#entries.get(key) ?? { name, place, microseconds: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  longest() {
    return [...this.#entries.values()]
      .filter(({ microseconds }) => microseconds > 0)
      .sort((a, b) => b.microseconds - a.microseconds);
  }
}

/**
 * @param {string} url
 * @returns {string | null} a package, a file of ours, or null for Node.js itself
 */
function ownerOf(url) {
  if (url === '' || url.startsWith('node:')) return null;
  const file = shortPath(url);
  if (!url.includes('node_modules/')) return file;
  const [scope = '', name = ''] = file.split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
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
 * @returns {string | null} the newest profile in the folder
 */
export function profileIn(folder) {
  const found = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  const newest = found.sort().at(-1);
  return newest === undefined ? null : path.join(folder, newest);
}
