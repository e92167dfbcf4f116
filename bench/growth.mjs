// @ts-check
/** How the cost of a request grows with the number of sessions, projects and connections. */
import { sampleOf, say, WARM_REQUESTS } from './measurement.mjs';

/** @typedef {'sessions' | 'projects' | 'connections'} Axis */

/**
 * @typedef {object} Point
 * @property {Axis} axis
 * @property {number} at
 * @property {boolean} isFirstUse whether each request is the first of its session, of which the process has no copy
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
  const largest = Math.max(...AXES[axis]);
  /** @type {Point[]} */
  const points = AXES[axis].map((at) => ({ axis, at, isFirstUse: false, samples: [] }));
  if (axis !== 'connections') points.push({ axis, at: largest, isFirstUse: true, samples: [] });
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
      if (crowd && point.isFirstUse) {
        point.samples.push(await firstUses(laboratory, each, crowd, round));
        continue;
      }
      // Fewer chains than connections would have one chain race itself.
      const connections = crowd ? Math.min(CONNECTIONS, crowd.sessions.length) : point.at;
      const measured = await laboratory.measure(each, { round, connections: [connections], ...crowd });
      if (crowd) crowd.sessions = measured.sessions;
      point.samples.push(...measured.samples);
    }
  return points;
}

const WARM_CHAINS = 2_000;

/**
 * A process that is warm refreshes sessions that it has not seen before.
 *
 * @param {import('./measurement.mjs').Laboratory} laboratory
 * @param {import('./cases.mjs').Case} each
 * @param {{ folder: string, sessions: import('./virtual-users.mjs').Session[] }} crowd
 * @param {number} round
 * @returns {Promise<import('./report.mjs').Sample>}
 */
async function firstUses(laboratory, each, crowd, round) {
  const server = await laboratory.start(each, { folder: crowd.folder });
  try {
    const warm = await laboratory.drive(each, server, {
      connections: CONNECTIONS,
      sessions: crowd.sessions.slice(0, WARM_CHAINS),
      warmupRequests: WARM_REQUESTS,
    });
    const unseen = crowd.sessions.slice(WARM_CHAINS);
    const {
      sessions,
      window: _,
      ...result
    } = await laboratory.drive(each, server, {
      connections: CONNECTIONS,
      sessions: unseen,
      warmupSeconds: 0,
      requests: unseen.length - CONNECTIONS,
    });
    crowd.sessions = [...warm.sessions, ...sessions];
    say(`round ${round + 1}  ${each.name}: first uses  ${result.serverCpu.toFixed(1)} µs`);
    return sampleOf(each, { connections: CONNECTIONS, rate: null, round, result });
  } finally {
    await server.stop();
  }
}
