// @ts-check
/** One measurement: starts the server of a case, warms it up, measures it at each number of connections and stops it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { Connection } from './connection.mjs';
import { gather } from './crowd.mjs';
import { startGenerator, startPostgres, startRedis } from './processes.mjs';
import { VerifyValues } from './verify-values.mjs';
import { virtualUser } from './virtual-users.mjs';

/** @typedef {import('./cases.mjs').Case} Case */
/** @typedef {import('./virtual-users.mjs').Session} Session */
/** @typedef {import('./report.mjs').Sample} Sample */

/**
 * @typedef {object} Effort
 * @property {number} warmupSeconds
 * @property {number | null} seconds
 * @property {number | null} requests instead of seconds
 * @property {number} users number of virtual users, at least the number of connections
 * @property {boolean} secure over TLS
 */

/**
 * @typedef {object} Outcome
 * @property {Sample[]} samples
 * @property {Session[]} sessions where the token chains are now
 * @property {[start: number, end: number]} window of the last of them, µs of the monotonic clock
 */

const TMPFS = 0x01021994;
/** What a cold server gets first: V8 keeps optimising until well past the ten thousandth request. */
export const WARM_REQUESTS = 20_000;

/** @param {string} text */
export const say = (text) => process.stderr.write(`${text}\n`);

/**
 * Logs in `count` times, one after the other.
 *
 * @param {Case} each
 * @param {number} port
 * @param {number} count
 * @param {boolean} [secure] over TLS
 * @returns {Promise<Session[]>}
 */
export async function logIn(each, port, count, secure = false) {
  const connection = new Connection(port, secure);
  await connection.opened();
  const verifyValues = new VerifyValues(each.account.verifyKey);
  const nobody = { account: each.account, refreshToken: '', tokenSeq: 0, accessToken: '' };
  const user = virtualUser('login', nobody, verifyValues, each.secret);
  /** @type {Session[]} */
  const sessions = [];
  while (sessions.length < count) {
    const answer = await new Promise((resolve) => connection.send(user.request(), resolve));
    const wrong = user.judge(answer);
    if (wrong !== null) throw new Error(`${each.name}: login: ${wrong}`);
    sessions.push(user.session);
  }
  connection.close();
  return sessions;
}

/**
 * @param {string} folder
 * @returns {{ cert: string, key: string }} PEM files of a new self-signed certificate
 */
function certificate(folder) {
  const [cert, key] = [path.join(folder, 'tls.pem'), path.join(folder, 'tls.key')];
  const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1';
  execFileSync('openssl', [...request.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert, key };
}

/**
 * @param {Case} each
 * @param {Pick<Sample, 'connections' | 'rate' | 'round' | 'result'>} measured
 * @returns {Sample}
 */
export function sampleOf({ name, title, floor, target, unverifiedFloor }, measured) {
  return { name, title, floor, target, unverifiedFloor, ...measured };
}

/** What all measurements of a run share: a folder, the stores, the generator, and the position of each token chain. */
export class Laboratory {
  #generator = startGenerator();
  /** @type {Map<string, Session[]>} */
  #chains = new Map();

  /**
   * @param {string} folder
   * @param {import('./processes.mjs').Store | string} redis or the reason why there is none
   * @param {import('./processes.mjs').Store | string} postgres
   * @param {Effort} effort
   */
  constructor(folder, redis, postgres, effort) {
    this.folder = folder;
    this.redis = redis;
    this.postgres = postgres;
    this.effort = effort;
    this.tls = effort.secure ? certificate(folder) : null;
  }

  /**
   * @param {Case[]} cases that will be measured
   * @param {Effort} effort
   */
  static async open(cases, effort) {
    mkdirSync('data', { recursive: true });
    const folder = mkdtempSync(path.resolve('data', 'bench-'));
    if (statfsSync(folder).type === TMPFS)
      say('data/ is in memory, where a durable write costs nothing: the figures are not meaningful');
    /** @param {'redis' | 'postgres'} store */
    const needed = (store) => cases.some(({ needs }) => needs.includes(store));
    const redis = needed('redis') ? await startRedis(folder) : 'not needed';
    const postgres = needed('postgres') ? await startPostgres() : 'not needed';
    return new Laboratory(folder, redis, postgres, effort);
  }

  /** @param {boolean} keepFiles */
  async close(keepFiles) {
    this.#generator.stop();
    if (typeof this.redis !== 'string') await this.redis.stop();
    if (typeof this.postgres !== 'string') await this.postgres.stop();
    if (!keepFiles) rmSync(this.folder, { recursive: true });
  }

  /**
   * @param {Case} each
   * @returns {string | null} the reason why it cannot be measured here
   */
  missing(each) {
    if (each.plainOnly && this.tls !== null) return 'it speaks no TLS here';
    const stores = each.needs.map((need) => this[need]);
    return stores.find((store) => typeof store === 'string') ?? null;
  }

  /**
   * @param {Case} each
   * @param {string} [name] of the folder; default: the name of the case
   */
  folderOf(each, name = each.name) {
    const folder = path.join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /**
   * @param {Case} each
   * @param {object} [options]
   * @param {string} [options.folder]
   * @param {string[]} [options.nodeOptions]
   * @param {Record<string, string>} [options.env]
   * @param {boolean} [options.spread]
   * @param {number} [options.sessions] number of sessions that a floor must know
   */
  start(each, options = {}) {
    const { folder = this.folderOf(each), nodeOptions = [], env = {}, spread = false } = options;
    return each.start({
      folder,
      env,
      spread,
      redisUrl: typeof this.redis === 'string' ? '' : this.redis.url,
      postgresUrl: typeof this.postgres === 'string' ? '' : this.postgres.url,
      tls: this.tls,
      nodeOptions,
      sessions: options.sessions ?? this.effort.users,
    });
  }

  /**
   * @param {Case} each
   * @param {object} options
   * @param {number} options.round
   * @param {number[]} options.connections
   * @param {(number | null)[]} [options.rates] of an open loop, requests per second; default: a closed loop
   * @param {Session[]} [options.sessions] instead of logging in
   * @param {string} [options.folder]
   * @param {string[]} [options.nodeOptions]
   * @param {Record<string, string>} [options.env]
   * @param {boolean} [options.spread]
   * @param {string | null} [options.secret] null: signatures of access tokens are not checked
   * @returns {Promise<Outcome>}
   */
  async measure(each, { round, connections, rates = [null], sessions: given, secret, ...options }) {
    const server = await this.start(each, {
      ...options,
      ...(given === undefined ? {} : { sessions: given.length }),
    });
    /** @type {Outcome} */
    const outcome = { samples: [], sessions: [], window: [0, 0] };
    try {
      let sessions = given ?? (await this.#beginnings(each, server.port));
      const counts = connections.filter((count) => count <= each.slots);
      const loads = counts.flatMap((count) => rates.map((rate) => ({ count, rate })));
      for (const [index, { count, rate }] of loads.entries()) {
        const result = await this.drive(each, server, {
          connections: count,
          rate,
          sessions,
          ...(secret === undefined ? {} : { secret }),
          warmupRequests: index === 0 ? Math.max(WARM_REQUESTS, sessions.length) : 0,
        });
        const { sessions: left, window, ...kept } = result;
        sessions = left;
        outcome.window = window;
        outcome.samples.push(sampleOf(each, { connections: count, rate, round, result: kept }));
        say(
          `round ${round + 1}  ${each.name.padEnd(16)} ${String(count).padStart(4)} connections  ` +
            (rate === null ? '' : `${rate}/s due  `) +
            `${kept.serverCpu.toFixed(1).padStart(7)} µs  ${kept.perSecond.toFixed(0).padStart(6)}/s` +
            (kept.failures > 0 ? `  ${kept.failures} FAILED: ${kept.firstFailure}` : ''),
        );
      }
      outcome.sessions = sessions;
      if (given === undefined) this.#chains.set(each.name, sessions);
    } finally {
      await server.stop();
    }
    return outcome;
  }

  /**
   * @param {Case} each over SQLite
   * @param {string} folder
   * @param {Parameters<typeof gather>[3]} crowd
   * @returns {Promise<Session[]>} a random part of the sessions with which it has filled the database of the case
   */
  async crowd(each, folder, crowd) {
    const server = await this.start(each, { folder });
    const [model] = await logIn(each, server.port, 1, this.effort.secure);
    await server.stop();
    if (model === undefined) throw new Error('nobody logged in');
    return gather(path.join(folder, each.database), model, each.pepper, crowd);
  }

  /**
   * Runs one window of load on a running server.
   *
   * @param {Case} each
   * @param {import('./processes.mjs').Running} server
   * @param {object} plan
   * @param {number} plan.connections
   * @param {Session[]} plan.sessions
   * @param {number | null} [plan.rate] of an open loop, requests per second
   * @param {string | null} [plan.secret] null: signatures of access tokens are not checked
   * @param {number} [plan.warmupSeconds]
   * @param {number} [plan.warmupRequests]
   * @param {number | null} [plan.requests] instead of seconds
   */
  async drive(each, server, { secret = each.secret, requests = this.effort.requests, ...plan }) {
    try {
      return await this.#generator.run({
        ...plan,
        port: server.port,
        secure: this.effort.secure,
        rate: plan.rate ?? null,
        warmupSeconds: plan.warmupSeconds ?? this.effort.warmupSeconds,
        warmupRequests: plan.warmupRequests ?? 0,
        seconds: requests === null ? this.effort.seconds : null,
        requests,
        scenario: each.scenario,
        secret,
        serverPids: [server.pid],
        storePids: each.needs.flatMap((need) => {
          const store = this[need];
          return typeof store === 'string' ? [] : store.pids;
        }),
      });
    } catch (error) {
      // The generator may still wait for a response that never arrives.
      this.#generator.stop();
      this.#generator = startGenerator();
      throw error;
    }
  }

  /**
   * The session with which each virtual user starts: its position in the last round, a seeded one, or a new login.
   *
   * @param {Case} each
   * @param {number} port
   */
  async #beginnings(each, port) {
    if (each.seeded) return each.seeded(this.effort.users);
    return this.#chains.get(each.name) ?? (await logIn(each, port, this.effort.users, this.effort.secure));
  }
}
