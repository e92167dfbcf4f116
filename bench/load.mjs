// @ts-check
/**
 * The load generator: a separate process, started with an IPC channel, so that it can run on another core than the
 * server. It runs one plan after another, each as a closed or an open loop.
 *
 * In a closed loop every connection has one request in flight and serves its share of the virtual users in turn. The
 * responses that a server sends together are followed by requests that arrive together. In an open loop the requests
 * arrive at random moments, at a given rate, whatever the server does.
 */
import { Connection } from './connection.mjs';
import { cpuTime, machineTime, quantile, residentMemory, Slices } from './measure.mjs';
import { openLoop } from './open-loop.mjs';
import { VerifyValues } from './verify-values.mjs';
import { virtualUser } from './virtual-users.mjs';

/**
 * @typedef {object} Plan
 * @property {number} port
 * @property {boolean} secure over TLS
 * @property {number} connections
 * @property {number | null} rate requests per second, an open loop; null: a closed loop
 * @property {number} warmupSeconds
 * @property {number} warmupRequests at least this many, but for at most MOST_WARMUP_SECONDS
 * @property {number | null} seconds
 * @property {number | null} requests instead of seconds
 * @property {import('./virtual-users.mjs').Scenario} scenario
 * @property {import('./virtual-users.mjs').Session[]} sessions one per virtual user
 * @property {string | null} secret of the access tokens
 * @property {number[]} serverPids
 * @property {number[]} storePids Redis, Postgres
 */

/**
 * @typedef {object} Result
 * @property {number} requests answered in the window
 * @property {number} seconds
 * @property {number} perSecond
 * @property {number} p50 ms; in an open loop from the moment at which the request was due
 * @property {number} p99 ms
 * @property {number} serverCpu µs per request, user and system, all processes of the server
 * @property {number} quietCpu the same in the cheapest tenth of the window's slices
 * @property {number} storeCpu µs per request, the same for Redis or Postgres
 * @property {number} serverLoad cores that the server used; if close to the number of its processes, it was the bottleneck
 * @property {number} generatorLoad cores that the generator used
 * @property {number} othersLoad cores that other processes used; above 0.1 the figures are disturbed
 * @property {number} memory bytes, the server's peak
 * @property {number} resident bytes, of the server at the end
 * @property {number} failures
 * @property {string | null} firstFailure
 * @property {[start: number, end: number]} window µs of the monotonic clock
 * @property {import('./virtual-users.mjs').Session[]} sessions the current position of each token chain
 */

const MAX_FAILURES = 50;
const MOST_WARMUP_SECONDS = 15;

/**
 * @template T
 * @param {Map<string, T>} map
 * @param {string} key that the map contains
 * @returns {T}
 */
function mapped(map, key) {
  const found = map.get(key);
  if (found === undefined) throw new RangeError(`no ${key}`);
  return found;
}

/**
 * @template T
 * @param {T[]} list longer than the index
 * @param {number} index
 * @returns {T}
 */
function nth(list, index) {
  const found = list[index];
  if (found === undefined) throw new RangeError(`${index} of ${list.length}`);
  return found;
}

/**
 * @param {Plan} plan
 * @returns {Promise<Result>}
 */
async function run(plan) {
  const keys = new Set(plan.sessions.map(({ account }) => account.verifyKey));
  const verifyValues = new Map([...keys].map((key) => [key, new VerifyValues(key)]));
  const users = plan.sessions.map((session) =>
    virtualUser(plan.scenario, session, mapped(verifyValues, session.account.verifyKey), plan.secret),
  );
  const connections = Array.from({ length: plan.connections }, () => new Connection(plan.port, plan.secure));
  await Promise.all(connections.map((connection) => connection.opened()));

  /** The user that each connection serves next, in all loops: the warm-up comes to every user. */
  const positions = connections.map((_, index) => index);
  /** @type {{ count: number, first: string | null }} */
  const failures = { count: 0, first: null };

  /**
   * @param {import('./virtual-users.mjs').VirtualUser} user
   * @param {import('./connection.mjs').Answer} answer
   */
  function judge(user, answer) {
    const wrong = user.judge(answer);
    if (wrong === null) return;
    failures.count++;
    failures.first ??= wrong;
  }

  /**
   * Sends requests at random moments (a Poisson process) until the time is over and every response has arrived.
   *
   * @param {number} rate requests per second
   * @param {number} seconds
   * @param {(answers: number) => void} onSlice
   * @returns {Promise<number[]>} latencies, ms
   */
  async function randomArrivals(rate, seconds, onSlice) {
    /** @type {number[]} */
    const latencies = [];
    const slices = setInterval(() => onSlice(latencies.length), Slices.MS);
    await openLoop({
      connections,
      users,
      gap: () => (-Math.log(1 - Math.random()) * 1000) / rate,
      // Without rest: a timer would gather the requests of a millisecond.
      pause: setImmediate,
      isOver: (elapsed) => elapsed > seconds * 1000 || failures.count > MAX_FAILURES,
      onAnswer: (user, answer, latency) => {
        latencies.push(latency);
        judge(user, answer);
      },
    });
    clearInterval(slices);
    return latencies;
  }

  /**
   * Keeps all connections busy until the time or the number is reached and every response has arrived.
   *
   * @param {number | null} seconds
   * @param {number | null} requests
   * @param {(answers: number) => void} [onSlice]
   * @returns {Promise<number[]>} latencies, ms
   */
  function loop(seconds, requests, onSlice = () => {}) {
    /** @type {number[]} */
    const latencies = [];
    const end = seconds === null ? Infinity : performance.now() + seconds * 1000;
    let left = requests ?? Infinity;
    const slices = setInterval(() => onSlice(latencies.length), Slices.MS);
    return new Promise((resolve) => {
      let busy = connections.length;
      connections.forEach((connection, index) => {
        let began = 0;
        /** @type {import('./virtual-users.mjs').VirtualUser} */
        let user;
        /** @param {import('./connection.mjs').Answer} answer */
        const answered = (answer) => {
          const now = performance.now();
          latencies.push(now - began);
          judge(user, answer);
          next(now);
        };
        /** @param {number} now */
        const next = (now) => {
          if (now >= end || left <= 0 || failures.count > MAX_FAILURES) {
            if (--busy === 0) {
              clearInterval(slices);
              resolve(latencies);
            }
            return;
          }
          left--;
          // A virtual user belongs to one connection for the whole loop, so it never races itself.
          const at = nth(positions, index);
          user = nth(users, at);
          positions[index] = at + connections.length < users.length ? at + connections.length : index;
          const request = user.request();
          began = performance.now();
          connection.send(request, answered);
        };
        next(performance.now());
      });
    });
  }

  const warmupBegan = performance.now();
  const warmed = await loop(plan.warmupSeconds, null);
  while (warmed.length < plan.warmupRequests && failures.count <= MAX_FAILURES) {
    if (performance.now() - warmupBegan > MOST_WARMUP_SECONDS * 1000) break;
    warmed.push(...(await loop(0.5, null)));
  }
  const warmupSeconds = (performance.now() - warmupBegan) / 1000;
  if (failures.count > MAX_FAILURES)
    throw new Error(`${failures.count} wrong responses, the first: ${failures.first}`);
  // Twice as many as the warm-up suggests, prepared before the window so that they do not add to latencies.
  const expected = plan.requests ?? (warmed.length / warmupSeconds) * (plan.seconds ?? 0) * 2;
  for (const values of verifyValues.values())
    values.prepare(Math.min(expected, 1_000_000) / verifyValues.size);

  const allCpu = machineTime();
  const ownCpu = process.cpuUsage();
  const serverCpu = cpuTime(plan.serverPids);
  const storeCpu = cpuTime(plan.storePids);
  const start = performance.now();
  const startClock = Number(process.hrtime.bigint() / 1000n);
  const slices = new Slices(plan.serverPids);
  /** @param {number} answers */
  const onSlice = (answers) => slices.cut(answers);
  const latencies =
    plan.rate === null
      ? await loop(plan.seconds, plan.requests, onSlice)
      : await randomArrivals(plan.rate, plan.seconds ?? Infinity, onSlice);
  const elapsed = (performance.now() - start) / 1000;
  const endClock = Number(process.hrtime.bigint() / 1000n);
  const used = process.cpuUsage(ownCpu);
  const server = cpuTime(plan.serverPids) - serverCpu;
  const store = cpuTime(plan.storePids) - storeCpu;
  const all = machineTime() - allCpu;
  const count = latencies.length;
  const result = {
    requests: count,
    seconds: elapsed,
    perSecond: count / elapsed,
    serverCpu: server / count,
    quietCpu: slices.quiet(),
    storeCpu: store / count,
    serverLoad: server / 1e6 / elapsed,
    generatorLoad: (used.user + used.system) / 1e6 / elapsed,
    othersLoad: Math.max(0, all - server - store - used.user - used.system) / 1e6 / elapsed,
    memory: residentMemory(plan.serverPids, 'VmHWM'),
    resident: residentMemory(plan.serverPids, 'VmRSS'),
    failures: failures.count,
    firstFailure: failures.first,
  };
  const sorted = Float64Array.from(latencies).sort();
  for (const connection of connections) connection.close();
  return {
    ...result,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    window: [startClock, endClock],
    sessions: users.map((user) => user.session),
  };
}

/** @param {Plan} plan */
async function onPlan(plan) {
  try {
    process.send?.(await run(plan));
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.message : String(error) });
  }
}

process.on('message', (/** @type {any} */ plan) => void onPlan(plan));
