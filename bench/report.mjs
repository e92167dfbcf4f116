// @ts-check
/** Turns the results of the rounds into medians, ratios and a table. */
import { COMPARED_WITH, MOST_GROWTH } from './growth.mjs';
import { median } from './measure.mjs';

/**
 * @typedef {object} Sample one case at one number of connections in one round
 * @property {string} name
 * @property {string} title
 * @property {string | null} floor
 * @property {number | null} target
 * @property {string | null} unverifiedFloor
 * @property {number} connections
 * @property {number | null} rate of an open loop, requests per second; null: a closed loop
 * @property {number} round
 * @property {Omit<import('./load.mjs').Result, 'sessions' | 'window'>} result
 */

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} title
 * @property {number} connections
 * @property {number | null} rate
 * @property {number} cpu µs per request, median of the rounds
 * @property {[least: number, most: number]} cpuRange
 * @property {number | null} ratio to the floor of the same round, median of the rounds
 * @property {[least: number, most: number] | null} ratioRange
 * @property {number | null} unverifiedRatio the same, to the floor that does not open `XverifyApi`
 * @property {number | null} target
 * @property {number} quiet µs per request in the cheapest slices, minimum of the rounds
 * @property {number | null} quietRatio to the same figure of the floor
 * @property {number} storeCpu
 * @property {number} perSecond
 * @property {number} p50
 * @property {number} p99
 * @property {number} memory
 * @property {number} serverLoad
 * @property {number} othersLoad
 * @property {number} requests of all rounds
 * @property {number} failures of all rounds
 */

/**
 * @param {Sample[]} samples
 * @returns {Row[]}
 */
export function summarize(samples) {
  /** @type {Map<string, Sample[]>} */
  const groups = new Map();
  for (const sample of samples) {
    const key = `${sample.name} ${sample.connections} ${sample.rate}`;
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()].flatMap((group) => {
    const first = group[0];
    if (first === undefined) return [];
    /** @param {(result: Sample['result']) => number} read */
    const middle = (read) => median(group.map(({ result }) => read(result)));
    const cpu = group.map(({ result }) => result.serverCpu);
    /** @param {string | null} name */
    const measured = (name) =>
      samples.filter(
        (other) =>
          other.name === name && other.connections === first.connections && other.rate === first.rate,
      );
    const floors = measured(first.floor);
    const ratios = ratiosTo(group, floors);
    const unverifiedRatios = ratiosTo(group, measured(first.unverifiedFloor));
    return {
      name: first.name,
      title: first.title,
      connections: first.connections,
      rate: first.rate,
      cpu: median(cpu),
      cpuRange: [Math.min(...cpu), Math.max(...cpu)],
      ratio: ratios.length === 0 ? null : median(ratios),
      ratioRange: ratios.length === 0 ? null : [Math.min(...ratios), Math.max(...ratios)],
      unverifiedRatio: unverifiedRatios.length === 0 ? null : median(unverifiedRatios),
      target: first.target,
      quiet: quiet(group),
      quietRatio: floors.length === 0 ? null : quiet(group) / quiet(floors),
      storeCpu: middle((r) => r.storeCpu),
      perSecond: middle((r) => r.perSecond),
      p50: middle((r) => r.p50),
      p99: middle((r) => r.p99),
      memory: middle((r) => r.memory),
      serverLoad: middle((r) => r.serverLoad),
      othersLoad: middle((r) => r.othersLoad),
      requests: group.reduce((sum, { result }) => sum + result.requests, 0),
      failures: group.reduce((sum, { result }) => sum + result.failures, 0),
    };
  });
}

/**
 * @param {Sample[]} group
 * @param {Sample[]} floors of the same load
 * @returns {number[]} one ratio per round in which both were measured
 */
function ratiosTo(group, floors) {
  return group.flatMap(({ round, result }) => {
    const floor = floors.find((other) => other.round === round);
    return floor ? [result.serverCpu / floor.result.serverCpu] : [];
  });
}

/** @param {Sample[]} group */
const quiet = (group) => Math.min(...group.map(({ result }) => result.quietCpu ?? NaN));

/** @param {number} value */
const figures = (value) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/**
 * @param {Row[]} rows
 * @returns {string} an aligned Markdown table for `docs/performance.md`
 */
export function table(rows) {
  const isOpen = rows.some(({ rate }) => rate !== null);
  const head = [
    'case',
    'conns',
    ...(isOpen ? ['due/s'] : []),
    'µs CPU/req',
    'range',
    '× floor',
    'target',
    '× unverified',
    'quiet µs',
    '× floor',
    'store µs',
    'req/s',
    'p50 ms',
    'p99 ms',
    'peak MiB',
    'srv load',
    'others',
  ];
  const lines = rows.map((row) => [
    row.title,
    String(row.connections),
    ...(isOpen ? [String(row.rate)] : []),
    figures(row.cpu),
    row.cpuRange.map((value) => value.toFixed(0)).join('–'),
    row.ratio === null ? '' : row.ratio.toFixed(2),
    row.target === null ? '' : `≤ ${row.target}`,
    row.unverifiedRatio === null ? '' : row.unverifiedRatio.toFixed(2),
    figures(row.quiet),
    row.quietRatio === null ? '' : row.quietRatio.toFixed(2),
    row.storeCpu > 0 ? figures(row.storeCpu) : '',
    row.perSecond.toFixed(0),
    figures(row.p50),
    figures(row.p99),
    (row.memory / 2 ** 20).toFixed(0),
    `${(row.serverLoad * 100).toFixed(0)} %`,
    `${(row.othersLoad * 100).toFixed(0)} %`,
  ]);
  return aligned(head, lines);
}

/**
 * @param {import('./growth.mjs').Point[]} points
 * @returns {string}
 */
export function growthTable(points) {
  const head = [
    'case',
    'axis',
    'at',
    'conns',
    'µs CPU/req',
    'range',
    '× small',
    'target',
    'quiet µs',
    '× small',
    'req/s',
    'p50 ms',
    'p99 ms',
    'peak MiB',
    'others',
  ];
  const lines = points.map(({ axis, at, isFirstUse, samples }) => {
    const title = samples[0]?.title ?? '';
    const small = points.find(
      (other) => other.axis === axis && other.at === COMPARED_WITH[axis] && other.samples[0]?.title === title,
    );
    /** @param {(result: Sample['result']) => number} read */
    const middle = (read) => median(samples.map(({ result }) => read(result)));
    const cpu = samples.map(({ result }) => result.serverCpu);
    const isLargest =
      axis !== 'connections' && points.every((other) => other.axis !== axis || other.at <= at);
    return [
      title,
      axis,
      isFirstUse ? `${at}, first use` : String(at),
      String(samples[0]?.connections ?? ''),
      figures(median(cpu)),
      `${Math.min(...cpu).toFixed(0)}–${Math.max(...cpu).toFixed(0)}`,
      small ? median(ratiosTo(samples, small.samples)).toFixed(2) : '',
      isLargest && !isFirstUse ? `≤ ${MOST_GROWTH}` : '',
      figures(quiet(samples)),
      small ? (quiet(samples) / quiet(small.samples)).toFixed(2) : '',
      middle((r) => r.perSecond).toFixed(0),
      figures(middle((r) => r.p50)),
      figures(middle((r) => r.p99)),
      (middle((r) => r.memory) / 2 ** 20).toFixed(0),
      `${(middle((r) => r.othersLoad) * 100).toFixed(0)} %`,
    ];
  });
  return aligned(head, lines);
}

/** @param {number} bytes */
const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(0);

/**
 * @param {string} title
 * @param {{ requests: number, heap: number, resident: number }[]} steps
 * @param {number} bytesPerSession
 */
export function soakTable(title, steps, bytesPerSession) {
  const first = steps[0]?.heap ?? NaN;
  const lines = steps.map(({ requests, heap, resident }) => [
    String(requests),
    (heap / 2 ** 20).toFixed(1),
    (heap / first).toFixed(2),
    mebibytes(resident),
  ]);
  return `${title}: ${bytesPerSession.toFixed(0)} bytes per cached session\n\n${aligned(['refreshes', 'MiB on the heap', '× small', 'MiB resident'], lines)}`;
}

/**
 * @param {import('./workers.mjs').Crew[]} crews
 * @returns {string}
 */
export function workersTable(crews) {
  const one = median(crews.filter(({ workers }) => workers === 1).map(({ perSecond }) => perSecond));
  const lines = [...new Set(crews.map(({ workers }) => workers))].map((workers) => {
    const rounds = crews.filter((crew) => crew.workers === workers);
    const perSecond = median(rounds.map((crew) => crew.perSecond));
    return [
      String(workers),
      perSecond.toFixed(0),
      (perSecond / one).toFixed(2),
      figures(median(rounds.map(({ serverCpu }) => serverCpu))),
      `${(100 * median(rounds.map(({ generatorShare }) => generatorShare))).toFixed(0)} %`,
    ];
  });
  return aligned(['workers', 'req/s', '× one', 'µs CPU/req', 'generator'], lines);
}

/** @param {import('./flood.mjs').Flood} flood */
export function floodTable({ quiet, flooded, ratio, loginsPerSecond }) {
  /** @param {string} title @param {import('./flood.mjs').Latencies} latencies @param {string} logins */
  const line = (title, { refreshes, p50, p99 }, logins) => [
    title,
    logins,
    String(refreshes),
    p50.toFixed(1),
    p99.toFixed(1),
  ];
  const table = aligned(
    ['refreshes', 'logins/s', 'refreshes', 'p50 ms', 'p99 ms'],
    [line('without a flood', quiet, '0'), line('with a flood', flooded, loginsPerSecond.toFixed(0))],
  );
  return `${table}\n\np99 with the flood: ${ratio.toFixed(2)} times that without it`;
}

/**
 * @param {string[]} head
 * @param {string[][]} lines
 */
function aligned(head, lines) {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...lines.map((line) => (line[i] ?? '').length)),
  );
  /** @param {string[]} cells */
  const render = (cells) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [render(head), rule, ...lines.map(render)].join('\n');
}
