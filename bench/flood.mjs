// @ts-check
/**
 * Measures refreshes while a flood of logins hashes passwords. The refreshes come at a fixed rate, however long the
 * responses take: a client that waited for each response would send fewer of them when the server is slow.
 *
 * The server runs on all cores, as it does in production; the flood and the refreshes share them.
 */
import { Connection } from './connection.mjs';
import { logIn, say, WARM_REQUESTS } from './measurement.mjs';
import { quantile } from './measure.mjs';
import { openLoop } from './open-loop.mjs';
import { startGenerator } from './processes.mjs';
import { VerifyValues } from './verify-values.mjs';
import { virtualUser } from './virtual-users.mjs';

const REFRESHES_PER_SECOND = 200;
const REFRESHING_USERS = 64;
const LOGINS_AT_ONCE = 64;
/** The p99 under the flood may be this many times that without it. */
export const MAX_RATIO = 3;

/**
 * @typedef {object} Latencies in ms
 * @property {number} refreshes
 * @property {number} p50
 * @property {number} p99
 * @property {number} failures
 */

/**
 * @typedef {object} Flood
 * @property {Latencies} quiet
 * @property {Latencies} flooded
 * @property {number} ratio of the p99
 * @property {number} loginsPerSecond answered, with whatever status
 */

/**
 * @param {import('./measurement.mjs').Laboratory} laboratory
 * @param {import('./cases.mjs').Case} each
 * @param {number} seconds with the flood, and without it before
 * @returns {Promise<Flood>}
 */
export async function measureFlood(laboratory, each, seconds) {
  const server = await laboratory.start(each, { spread: true });
  const flooding = startGenerator();
  try {
    const sessions = await logIn(each, server.port, REFRESHING_USERS);
    const warm = await laboratory.drive(each, server, {
      connections: 16,
      sessions,
      warmupRequests: WARM_REQUESTS,
    });
    const verifyValues = new VerifyValues(each.account.verifyKey);
    const users = warm.sessions.map((session) =>
      virtualUser(each.scenario, session, verifyValues, each.secret),
    );
    const quiet = await refreshSteadily(server.port, users, seconds);
    say(`${each.name}: p99 ${quiet.p99.toFixed(1)} ms without a flood`);
    const flood = flooding.run({
      port: server.port,
      secure: false,
      rate: null,
      connections: LOGINS_AT_ONCE,
      warmupSeconds: 1,
      warmupRequests: 0,
      seconds: seconds + 1,
      requests: null,
      scenario: 'guess',
      sessions: sessions.slice(0, LOGINS_AT_ONCE),
      secret: null,
      serverPids: [server.pid],
      storePids: [],
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const flooded = await refreshSteadily(server.port, users, seconds);
    const { perSecond } = await flood;
    return { quiet, flooded, ratio: flooded.p99 / quiet.p99, loginsPerSecond: perSecond };
  } finally {
    flooding.stop();
    await server.stop();
  }
}

/**
 * @param {number} port
 * @param {import('./virtual-users.mjs').VirtualUser[]} users
 * @param {number} seconds
 * @returns {Promise<Latencies>}
 */
async function refreshSteadily(port, users, seconds) {
  const connections = users.map(() => new Connection(port));
  await Promise.all(connections.map((connection) => connection.opened()));
  /** @type {number[]} */
  const latencies = [];
  let failures = 0;
  await openLoop({
    connections,
    users,
    gap: () => 1000 / REFRESHES_PER_SECOND,
    pause: (again) => setTimeout(again, 1),
    isOver: (elapsed) => elapsed >= seconds * 1000,
    onAnswer: (user, answer, latency) => {
      latencies.push(latency);
      if (user.judge(answer) !== null) failures++;
    },
  });
  for (const connection of connections) connection.close();
  const sorted = latencies.sort((a, b) => a - b);
  return { refreshes: sorted.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), failures };
}
