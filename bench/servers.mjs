// @ts-check
/** How the servers of the cases are started: the floors, the service and its peers. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { startServer } from './processes.mjs';
import { VerifyValues } from './verify-values.mjs';

const ROOT = path.join(import.meta.dirname, '..');
export const SECRET = 'bench-secret-bench-secret-bench-secret';
export const PEPPER = 'bench-pepper-bench-pepper-bench-pepper';
export const DATABASE = 'bo-auth.sqlite';

/**
 * @typedef {object} Surroundings
 * @property {string} folder of the case, kept between rounds
 * @property {string} redisUrl
 * @property {string} postgresUrl
 * @property {{ cert: string, key: string } | null} tls PEM files; null: plain HTTP
 * @property {string[]} nodeOptions such as `--cpu-prof`
 * @property {Record<string, string>} env additional variables of the service
 * @property {boolean} spread whether the server runs on all cores instead of its own
 * @property {number} sessions how many the server must know
 */

/** @typedef {(surroundings: Surroundings) => Promise<import('./processes.mjs').Running>} Start */

/** @param {Surroundings} surroundings */
const tlsFlags = ({ tls }) => (tls === null ? [] : ['--tls-cert', tls.cert, '--tls-key', tls.key]);

/**
 * @param {string} file
 * @param {(surroundings: Surroundings) => string[]} [database]
 * @returns {Start}
 */
export function floorServer(file, database = () => []) {
  return (surroundings) =>
    startServer(
      [
        ...surroundings.nodeOptions,
        path.join(import.meta.dirname, 'floors', file),
        '--port',
        '{port}',
        ...(file === 'bare-nest.mjs'
          ? []
          : ['--sessions', String(surroundings.sessions), '--secret', SECRET]),
        ...tlsFlags(surroundings),
        ...database(surroundings),
      ],
      { log: path.join(surroundings.folder, 'server.log') },
    );
}

/** The flags with which `npm start` and the image start the service. */
const NODE_FLAGS = ['--max-semi-space-size=64'];

/**
 * The service as `npm start` runs it, with all guards, log lines and metrics; only the rate limit is off.
 *
 * @param {(surroundings: Surroundings) => Record<string, string>} env
 * @returns {Start}
 */
export function service(env) {
  return (surroundings) => {
    const main = path.join(ROOT, 'dist', 'main.js');
    if (!existsSync(main)) throw new Error('dist/main.js is missing: npm run build');
    return startServer([...NODE_FLAGS, ...surroundings.nodeOptions, main], {
      log: path.join(surroundings.folder, 'server.log'),
      spread: surroundings.spread,
      env: {
        NODE_ENV: 'development',
        JWT_SECRET: SECRET,
        TOKEN_PEPPER: PEPPER,
        RATE_LIMIT_PER_MINUTE: '0',
        ...(surroundings.tls && { TLS_CERT_FILE: surroundings.tls.cert, TLS_KEY_FILE: surroundings.tls.key }),
        ...env(surroundings),
        ...surroundings.env,
      },
    });
  };
}

/**
 * A server of `peers/` with a Redis database of its own, started with the same flags as the service.
 *
 * @param {string} file
 * @param {number} database
 * @returns {Start}
 */
export function peerServer(file, database) {
  return (surroundings) =>
    startServer(
      [
        ...NODE_FLAGS,
        ...surroundings.nodeOptions,
        path.join(import.meta.dirname, 'peers', file),
        '--port',
        '{port}',
        '--sessions',
        String(surroundings.sessions),
        '--secret',
        SECRET,
        '--redis',
        `${surroundings.redisUrl}/${database}`,
        ...tlsFlags(surroundings),
      ],
      {
        log: path.join(surroundings.folder, 'server.log'),
        spread: surroundings.spread,
        env: { NODE_ENV: 'production' },
      },
    );
}

/**
 * The service with the account's client registered.
 *
 * @param {Start} start
 * @param {import('./virtual-users.mjs').Account} account
 * @returns {Start}
 */
export function withClient(start, { owner, verifyKey, clientId }) {
  return async (surroundings) => {
    const running = await start(surroundings);
    const answer = await fetch(`http://127.0.0.1:${running.port}/bo/api/v3/admin/projects/${owner}/clients`, {
      method: 'POST',
      headers: {
        XownerId: owner,
        XverifyApi: new VerifyValues(verifyKey).next(),
        Authorization: 'Bearer development-only-operator-token-change-me',
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ clientId, type: 'public' }),
    });
    // 409: registered in an earlier round.
    if (answer.status !== 201 && answer.status !== 409) throw new Error(await answer.text());
    return running;
  };
}

/** @param {Surroundings} surroundings */
export const sqlite = ({ folder }) => ({ DATABASE_URL: `sqlite:${path.join(folder, DATABASE)}` });
