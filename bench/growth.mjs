// @ts-check
/** How the cost of a request grows with the number of sessions, projects and connections. */
import { say } from './measurement.mjs';

/**
 * @typedef {object} Point
 * @property {'sessions' | 'projects' | 'connections'} axis
 * @property {number} at
 * @property {import('./report.mjs').Sample} sample
 */

/** @type {Record<Point['axis'], number[]>} */
const AXES = {
  sessions: [1e3, 1e4, 1e5, 1e6],
  projects: [1, 1e2, 1e4],
  connections: [1, 4, 16, 64, 256, 1024],
};
const CONNECTIONS = 64;

/**
 * @param {import('./measurement.mjs').Laboratory} laboratory
 * @param {import('./cases.mjs').Case} each over SQLite
 * @param {string[]} axes
 * @returns {Promise<Point[]>}
 */
export async function grow(laboratory, each, axes) {
  /** @type {Point[]} */
  const points = [];
  for (const axis of /** @type {const} */ (['sessions', 'projects', 'connections'])) {
    if (!axes.includes(axis)) continue;
    if (axis === 'connections') {
      const { samples } = await laboratory.measure(each, { round: 0, connections: AXES.connections });
      points.push(...samples.map((sample) => ({ axis, at: sample.connections, sample })));
      continue;
    }
    for (const at of AXES[axis]) {
      const folder = laboratory.folderOf(each, `${each.name}-${axis}-${at}`);
      const sessions = await laboratory.crowd(
        each,
        folder,
        axis === 'sessions' ? { sessions: at } : { projects: at },
      );
      say(`${each.name}: ${at} ${axis}`);
      // Fewer chains than connections would have one chain race itself.
      const connections = [Math.min(CONNECTIONS, sessions.length)];
      const { samples } = await laboratory.measure(each, { round: 0, connections, sessions, folder });
      points.push(...samples.map((sample) => ({ axis, at, sample })));
    }
  }
  return points;
}
