// @ts-check
/**
 * Measures the gain of a second process. Server and generator share all cores here, so a request must cost the server far
 * more than the generator; therefore the project signs with RS256.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { logIn } from './measurement.mjs';

const CONNECTIONS = 64;
const BO_AUTH = path.join(import.meta.dirname, '..', 'dist', 'cli', 'main.js');

/**
 * @typedef {object} Crew
 * @property {number} workers
 * @property {number} perSecond
 * @property {number} serverCpu µs per request
 * @property {number} generatorShare of one core
 */

/**
 * @param {import('./measurement.mjs').Laboratory} laboratory
 * @param {import('./cases.mjs').Case} each over SQLite
 * @param {number[]} crews
 * @param {number} rounds
 * @returns {Promise<Crew[]>} one per round and number of workers
 */
export async function measureWorkers(laboratory, each, crews, rounds) {
  const folder = laboratory.folderOf(each, `${each.name}-workers`);
  const first = await laboratory.start(each, { folder });
  const sessions = await logIn(each, first.port, CONNECTIONS);
  await first.stop();
  signByRs256(each, folder);
  /** @type {Crew[]} */
  const found = [];
  for (let round = 0; round < rounds; round++)
    for (const workers of crews) {
      const { samples } = await laboratory.measure(each, {
        round,
        connections: [CONNECTIONS],
        sessions,
        folder,
        env: { WORKERS: String(workers) },
        spread: true,
        secret: null,
      });
      for (const { result } of samples)
        found.push({
          workers,
          perSecond: result.perSecond,
          serverCpu: result.serverCpu,
          generatorShare: result.generatorLoad,
        });
    }
  return found;
}

/**
 * @param {import('./cases.mjs').Case} each
 * @param {string} folder
 */
function signByRs256({ account, database, secret, pepper }, folder) {
  /** @param {string[]} args */
  const run = (...args) => {
    const env = {
      ...process.env,
      NODE_ENV: 'development',
      DATABASE_URL: `sqlite:${path.join(folder, database)}`,
      JWT_SECRET: secret,
      TOKEN_PEPPER: pepper,
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, [BO_AUTH, ...args, '--json'], {
      env,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`bo-auth ${args.join(' ')}: ${stderr}`);
    return JSON.parse(stdout);
  };
  const { kid } = run('key', 'publish', account.owner, '--algorithm', 'RS256');
  run('key', 'promote', account.owner, kid, '--force');
}
