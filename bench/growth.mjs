// @ts-check
/** How the cost of a request grows with the number of sessions, projects and connections. */
import { say } from './measurement.mjs';

/** @typedef {'sessions' | 'projects' | 'connections'} Axis */

/**
 * @typedef {object} Point
 * @property {Axis} axis
 * @property {number} at
 * @property {import('./report.mjs').Sample[]} samples one of each round
 */

/** @type {Record<Axis, number[]>} */
const AXES = {
  sessions: [1e3, 1e4, 1e5, 1e6],
  projects: [1, 1e2, 1e4],
  connections: [1, 4, 16, 64, 256, 1024],
};
const CONNECTIONS = 64;

/** The point that the others of its axis are compared with. One project has one session, so one connection. */
export const COMPARED_WITH = { sessions: 1e3, projects: 1e2, connections: 64 };
/** What the largest number of sessions or projects may cost, in proportion to that point. */
export const MOST_GROWTH = 1.25;

/**
 * @param {import('./measurement.mjs').Laboratory} laboratory
 * @param {import('./cases.mjs').Case} each over SQLite
 * @param {string[]} axes
 * @param {number} rounds
 * @returns {Promise<Point[]>}
 */
export async function grow(laboratory, each, axes, rounds) {
  /** @type {Point[]} */
  const points = [];
  for (const axis of /** @type {const} */ (['sessions', 'projects', 'connections']))
    if (axes.includes(axis)) points.push(...(await growAlong(axis, laboratory, each, rounds)));
  return points;
}

/**
 * @param {Axis} axis
 * @param {import('./measurement.mjs').Laboratory} laboratory
 * @param {import('./cases.mjs').Case} each
 * @param {number} rounds
 * @returns {Promise<Point[]>}
 */
async function growAlong(axis, laboratory, each, rounds) {
  const points = AXES[axis].map((at) => ({
    axis,
    at,
    samples: /** @type {import('./report.mjs').Sample[]} */ ([]),
  }));
  /** @type {Map<number, { folder: string, sessions: import('./virtual-users.mjs').Session[] }>} */
  const crowds = new Map();
  if (axis !== 'connections')
    for (const at of AXES[axis]) {
      const folder = laboratory.folderOf(each, `${each.name}-${axis}-${at}`);
      const crowd = axis === 'sessions' ? { sessions: at } : { projects: at };
      crowds.set(at, { folder, sessions: await laboratory.crowd(each, folder, crowd) });
      say(`${each.name}: ${at} ${axis}`);
    }
  // Round by round, so that other load on the machine affects all points alike.
  for (let round = 0; round < rounds; round++)
    for (const point of points) {
      const crowd = crowds.get(point.at);
      // Fewer chains than connections would have one chain race itself.
      const connections = crowd ? Math.min(CONNECTIONS, crowd.sessions.length) : point.at;
      const measured = await laboratory.measure(each, { round, connections: [connections], ...crowd });
      if (crowd) crowd.sessions = measured.sessions;
      point.samples.push(...measured.samples);
    }
  return points;
}
