// @ts-check
/**
 * `npm run bench`: measures the service and, in the same rounds, the floors that it is compared with.
 * See docs/performance.md.
 */
import { parseArgs } from 'node:util';
import { cases } from './cases.mjs';
import { MAX_RATIO, measureFlood } from './flood.mjs';
import { grow } from './growth.mjs';
import { Laboratory, say } from './measurement.mjs';
import { sessionMemory, soak } from './memory.mjs';
import { cores, machine } from './processes.mjs';
import { profileIn, readProfile } from './profile.mjs';
import { floodTable, growthTable, soakTable, summarize, table, workersTable } from './report.mjs';
import { measureWorkers } from './workers.mjs';

const HELP = `npm run bench -- [options]

  --only NAMES         comma-separated parts of case names; the floors of these cases are measured, too
  --connections LIST   default 64,256,1, in this order, because one connection takes long to warm a server up
  --rate LIST          an open loop instead: requests at random moments, so many a second, on 64 connections
  --tls                over TLS
  --rounds N           default 3; every round restarts every server
  --seconds N          default 3, with --growth 11: the duration of each measurement
  --requests N         the number of requests of each measurement, instead of --seconds
  --warmup N           default 1, in seconds, before each measurement; the first of a server also gets 20,000 requests
  --users N            default 256, the number of virtual users
  --json               JSON on stdout instead of the table
  --profile            one round at 64 connections with --cpu-prof; prints the path of the profile and its top functions
  --top N              default 10, the number of functions that --profile prints
  --growth [AXES]      instead: cost by number of sessions,projects,connections
  --memory             instead: memory over a million refreshes, and per cached session
  --workers            instead: one process compared with two on all cores, tokens signed with RS256
  --flood [SECONDS]    instead: refreshes with and without a flood of logins, 60 s each
  --list               prints the names of the cases
`;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    connections: { type: 'string' },
    rate: { type: 'string' },
    tls: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    requests: { type: 'string' },
    warmup: { type: 'string', default: '1' },
    users: { type: 'string', default: '256' },
    json: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    top: { type: 'string', default: '10' },
    growth: { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
    workers: { type: 'boolean', default: false },
    flood: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** @typedef {import('./cases.mjs').Case} Case */
/** @typedef {import('./report.mjs').Sample} Sample */

const isShort = flags.profile || flags.rate !== undefined;
const connections = (flags.connections ?? (isShort ? '64' : '64,256,1')).split(',').map(Number);
/** @type {(number | null)[]} null: a closed loop */
const rates = flags.rate?.split(',').map(Number) ?? [null];
const rounds = Number(flags.rounds ?? (flags.profile ? 1 : 3));
/** The default setup of the service, with both refresh policies. */
const BASIC_CASES = 'reuse-sqlite,rotate-sqlite';
const GROWTH_USERS = 1024;

/** @type {import('./measurement.mjs').Effort} */
const effort = {
  warmupSeconds: Number(flags.warmup),
  // Copies of sessions are read again after 5 s, all at about the same time: growth is measured over two such bursts.
  seconds: Number(flags.seconds ?? (flags.growth ? 11 : 3)),
  requests: flags.requests === undefined ? null : Number(flags.requests),
  users: Math.max(Number(flags.users), ...connections, flags.growth ? GROWTH_USERS : 0),
  secure: flags.tls,
};

/** @returns {Case[]} the cases that --only selects, with their floors */
function chosenCases() {
  const basic = flags.workers
    ? 'reuse-sqlite'
    : flags.flood
      ? 'rotate-sqlite'
      : flags.growth || flags.memory
        ? BASIC_CASES
        : '';
  const wanted = (flags.only ?? basic).split(',');
  const named = cases.filter(({ name }) => wanted.some((part) => name.includes(part)));
  const floors =
    flags.profile || basic !== ''
      ? []
      : named.flatMap(({ floor, unverifiedFloor }) => [floor, unverifiedFloor]);
  return cases.filter((each) => named.includes(each) || floors.includes(each.name));
}

/**
 * Reports a case that fails and continues with the others.
 *
 * @param {Laboratory} laboratory
 * @param {Case} each
 * @param {() => Promise<void>} work
 */
async function attempt(laboratory, each, work) {
  const missing = laboratory.missing(each);
  if (missing !== null) {
    say(`${each.name}: skipped, ${missing}`);
    return;
  }
  try {
    await work();
  } catch (error) {
    say(`${each.name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** @param {Laboratory} laboratory */
async function runTable(laboratory) {
  /** @type {Sample[]} */
  const samples = [];
  // Round by round rather than case by case, so that other load on the machine affects all cases alike.
  for (let round = 0; round < rounds; round++)
    for (const each of chosenCases())
      await attempt(laboratory, each, async () => {
        samples.push(...(await laboratory.measure(each, { round, connections, rates })).samples);
      });
  const rows = summarize(samples);
  print({ rows, samples }, table(rows));
  return samples;
}

/** @param {Laboratory} laboratory */
async function runGrowth(laboratory) {
  /** @type {import('./growth.mjs').Point[]} */
  const points = [];
  const axes = positionals[0]?.split(',') ?? ['sessions', 'projects', 'connections'];
  for (const each of chosenCases())
    await attempt(
      laboratory,
      each,
      async () => void points.push(...(await grow(laboratory, each, axes, rounds))),
    );
  print({ points }, growthTable(points));
  return points.flatMap(({ samples }) => samples);
}

/** @param {Laboratory} laboratory */
async function runMemory(laboratory) {
  for (const each of chosenCases())
    await attempt(laboratory, each, async () => {
      const steps = await soak(laboratory, each);
      const bytes = await sessionMemory(laboratory, each);
      print({ name: each.name, steps, bytesPerSession: bytes }, soakTable(each.title, steps, bytes));
    });
  return [];
}

/** @param {Laboratory} laboratory */
async function runWorkers(laboratory) {
  for (const each of chosenCases())
    await attempt(laboratory, each, async () => {
      const crews = await measureWorkers(laboratory, each, [1, 2], rounds);
      print({ name: each.name, crews }, workersTable(crews));
    });
  return [];
}

/** @param {Laboratory} laboratory */
async function runFlood(laboratory) {
  const seconds = Number(positionals[0] ?? 60);
  for (const each of chosenCases())
    await attempt(laboratory, each, async () => {
      const flood = await measureFlood(laboratory, each, seconds);
      print({ name: each.name, ...flood }, floodTable(flood));
      if (flood.quiet.failures + flood.flooded.failures > 0) throw new Error('some refreshes failed');
      if (flood.ratio > MAX_RATIO)
        throw new Error(`the flood made the p99 more than ${MAX_RATIO} times as long`);
    });
  return [];
}

/** @param {Laboratory} laboratory */
async function runProfile(laboratory) {
  /** @type {Sample[]} */
  const all = [];
  for (const each of chosenCases())
    await attempt(laboratory, each, async () => {
      const folder = laboratory.folderOf(each);
      const nodeOptions = ['--cpu-prof', '--cpu-prof-interval', '250', '--cpu-prof-dir', folder];
      const { samples, window } = await laboratory.measure(each, {
        round: 0,
        connections,
        rates,
        nodeOptions,
      });
      all.push(...samples);
      printProfile(each, folder, window, samples.at(-1)?.result.requests ?? NaN);
    });
  return all;
}

/**
 * @param {object} json
 * @param {string} text
 */
function print(json, text) {
  if (flags.json) {
    const at = new Date().toISOString();
    process.stdout.write(`${JSON.stringify({ at, machine: machine(), flags, ...json }, null, 2)}\n`);
  } else process.stdout.write(`\n${machine()}\n\n${text}\n`);
}

/**
 * @param {Case} each
 * @param {string} folder
 * @param {[number, number]} window
 * @param {number} requests
 */
function printProfile(each, folder, window, requests) {
  const file = profileIn(folder);
  if (file === null) {
    say(`${each.name}: no profile was written`);
    return;
  }
  const { functions, owners } = readProfile(file, window);
  if (flags.json) {
    print({ name: each.name, profile: file, requests, functions, owners }, '');
    return;
  }
  const total = functions.reduce((sum, { microseconds }) => sum + microseconds, 0);
  /** @param {import('./profile.mjs').SelfTime[]} times */
  const list = (times) =>
    times
      .slice(0, Number(flags.top))
      .map(
        ({ name, place, microseconds }) =>
          `${(microseconds / requests).toFixed(2).padStart(8)}  ${((100 * microseconds) / total).toFixed(1).padStart(5)} %  ${name}  ${place}`,
      )
      .join('\n');
  process.stdout.write(
    `\n${each.title}: ${requests} requests, ${(total / requests).toFixed(1)} µs each under the profiler\n` +
      `${file}\n\n µs each    share  function\n${list(functions)}\n\n µs each    share  component\n${list(owners)}\n`,
  );
}

function chosenRun() {
  if (flags.profile) return runProfile;
  if (flags.growth) return runGrowth;
  if (flags.memory) return runMemory;
  if (flags.flood) return runFlood;
  return flags.workers ? runWorkers : runTable;
}

async function main() {
  if (cores === null) say('server and generator share their cores: the figures are not meaningful');
  const laboratory = await Laboratory.open(chosenCases(), effort);
  try {
    const samples = await chosenRun()(laboratory);
    if (samples.some(({ result }) => result.failures > 0)) {
      say('some responses were wrong: the figures of those cases are invalid');
      process.exitCode = 1;
    }
  } finally {
    await laboratory.close(flags.profile);
  }
}

if (flags.help) process.stdout.write(HELP);
else if (flags.list)
  process.stdout.write(
    `${chosenCases()
      .map(({ name }) => name)
      .join('\n')}\n`,
  );
else await main();
