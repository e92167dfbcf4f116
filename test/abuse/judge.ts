import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, Outcome, Scale } from './attacks.js';
import type { Holding, Target } from './target.js';

export interface Observation {
  readonly attack: Attack;
  readonly outcome: Outcome;
  /** The worst time of `/health/live`, in ms. */
  readonly live: { readonly before: number; readonly during: number; readonly after: number };
  readonly held: { readonly before: Holding; readonly during: Holding; readonly after: Holding };
}

/** How long the process is watched before the attack, for comparison. */
const BASELINE_MS = 1_500;
/** However fast it was before, this is fast enough, in ms: other work on the machine may take it a few seconds. */
const FAST_ENOUGH_MS = 6_000;
const TIMES_BASELINE = 20;
/** V8 gives memory back late. A process without bounds takes 400 MB from a single attack. */
const MEGABYTES = 150;
/** Connections of pollers, and of a database that opens one more. */
const DESCRIPTORS = 8;

/** @param afterMs how long after the attack the process must hold no more than before */
export async function observe(
  attack: Attack,
  target: Target,
  scale: Scale,
  afterMs: number,
): Promise<Observation> {
  const liveBefore = await target.worstLive(sleep(BASELINE_MS));
  const before = target.holding();
  const running = attack.run(target, scale);
  const peak = peakOf(target, running);
  const liveDuring = await target.worstLive(running);
  const during = await peak;
  // The attackers do not let go: the process itself must.
  const liveAfter = await target.worstLive(recovered(attack, target, before, afterMs));
  const after = target.holding();
  target.letGo();
  return {
    attack,
    outcome: await running,
    live: { before: liveBefore, during: liveDuring, after: liveAfter },
    held: { before, during, after },
  };
}

/** Waits until the process holds no more than before, or for the whole time. */
async function recovered(attack: Attack, target: Target, before: Holding, withinMs: number): Promise<void> {
  const until = performance.now() + withinMs;
  while (performance.now() < until && held(attack, before, target.holding()).length > 0) await sleep(100);
}

async function peakOf(target: Target, running: Promise<unknown>): Promise<Holding> {
  let isOver = false;
  running.finally(() => (isOver = true)).catch(() => undefined);
  let peak = target.holding();
  while (!isOver) {
    await sleep(50);
    const { megabytes, descriptors } = target.holding();
    peak = {
      megabytes: Math.max(peak.megabytes, megabytes),
      descriptors: Math.max(peak.descriptors, descriptors),
    };
  }
  return peak;
}

function held({ allowance = MEGABYTES }: Attack, before: Holding, after: Holding): string[] {
  return [
    ...(after.megabytes > before.megabytes + allowance ? [`${after.megabytes} MB are held`] : []),
    ...(after.descriptors > before.descriptors + DESCRIPTORS
      ? [`${after.descriptors} descriptors are held`]
      : []),
  ];
}

/** @returns the promises that were broken */
export function violations({ attack, outcome, live, held: { before, after } }: Observation): string[] {
  const bound = Math.max(FAST_ENOUGH_MS, TIMES_BASELINE * live.before);
  const worst = Math.max(live.during, live.after);
  return [
    ...(outcome.broken === null ? [] : [outcome.broken]),
    ...(worst <= bound ? [] : [`/health/live took ${Math.round(worst)} ms, over ${Math.round(bound)} ms`]),
    ...held(attack, before, after),
  ];
}
