import { parseArgs } from 'node:util';
import { selfSigned } from '../support/certificate.js';
import { endAll, ServiceProcess } from '../support/service-process.js';
import { ATTACKS, type Attack, type Scale } from './attacks.js';
import { type Observation, observe, violations } from './judge.js';
import { Target } from './target.js';

const USAGE = `npm run check:abuse -- [--only 1,4] [--seconds 120]

Attacks a service of its own on the loopback, in one way after the other, and measures the worst time of /health/live,
the memory and the descriptors before, during and up to 60 s after each attack.
--only     the numbers of the attacks (default: all)
--seconds  longest duration of the flood of GUIDs

Exit code: 0 the service held, 1 it did not, 2 wrong options, 3 an attack did not reach what it attacks.
`;

const AFTER_MS = 60_000;
const SHUTDOWN_MS = 9_000;

const scale = (seconds: number): Scale => ({
  connections: 200,
  requests: 1_500,
  logins: 200,
  holdMs: 45_000,
  floodMs: seconds * 1_000,
});

async function strike(attack: Attack, seconds: number): Promise<{ seen: Observation; broken: string[] }> {
  const { preload } = attack;
  const service = await ServiceProcess.spawn(
    { LOG_LEVEL: 'info', ...(attack.isSecure === true && (await selfSigned('localhost'))) },
    { nodeOptions: preload === undefined ? [] : ['--import', new URL(preload, import.meta.url).href] },
  );
  await service.listening();
  const target = new Target(service, attack.isSecure === true);
  const seen = await observe(attack, target, scale(seconds), AFTER_MS);
  const broken = violations(seen);
  const begun = performance.now();
  const { code } = await service.kill('SIGTERM');
  if (code !== 0 || performance.now() - begun > SHUTDOWN_MS)
    broken.push('it did not end in order on SIGTERM');
  return { seen, broken };
}

function report({ attack, outcome, live, held }: Observation, broken: readonly string[]): string {
  const row = (when: 'before' | 'during' | 'after') =>
    `  ${when.padEnd(7)} /health/live at worst ${Math.round(live[when])} ms, ${held[when].megabytes} MB, ${held[when].descriptors} descriptors`;
  return [
    `${attack.name}: ${outcome.says}`,
    ...(['before', 'during', 'after'] as const).map(row),
    ...broken.map((text) => `  BROKEN: ${text}`),
    ...(outcome.struck ? [] : ['  nothing is proved: the attack did not reach what it attacks']),
    '',
  ].join('\n');
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      seconds: { type: 'string', default: '120' },
      help: { type: 'boolean', default: false },
    },
  });
  const numbers = values.only?.split(',').map(Number) ?? ATTACKS.map((_, index) => index + 1);
  const chosen = numbers.map((number) => ATTACKS[number - 1]);
  const seconds = Number(values.seconds);
  if (values.help || chosen.includes(undefined) || !(seconds > 0)) {
    process.stderr.write(USAGE);
    return 2;
  }
  const results = [];
  for (const attack of chosen) {
    if (attack === undefined) continue;
    const { seen, broken } = await strike(attack, seconds);
    process.stdout.write(`${report(seen, broken)}\n`);
    results.push({ isBroken: broken.length > 0, struck: seen.outcome.struck });
  }
  if (results.some(({ isBroken }) => isBroken)) return 1;
  return results.every(({ struck }) => struck) ? 0 : 3;
}

try {
  process.exitCode = await main();
} finally {
  endAll();
}
