import {
  decide,
  type Decision,
  type FamilyState,
  type Supersession,
} from '../../src/auth/refresh-token/decide.js';
import type { TokenPosition } from '../../src/auth/refresh-token/refresh-token.js';
import { ALL_CASES } from '../runner/sample.js';
import { type Fault, type Judge, type ModelOptions, type ModelResult, search } from './engine-model.js';
import { GRACE } from './engine-world.js';

/** A tick that messages survive, half a window, and one unit more than a window. */
const HONEST = { wire: 3, steps: [1, GRACE / 2, GRACE + 1] };
const THIEF = { thief: true, wire: 1, steps: [GRACE / 2, GRACE + 1] };

describe('the refresh engine, searched breadth-first', () => {
  it('logs out no legitimate client that keeps the newest answer', () => {
    const result = report(search({ name: 'two tabs, losses, retries, kills', ...HONEST }));
    expect(result.fault).toBeNull();
    expect(result.states).toBeGreaterThan(50_000);
  });

  it('finds every thief whose operations are more than the grace apart from the victim’s', () => {
    const result = report(search({ name: 'the same with a thief', ...THIEF }));
    expect(result.fault).toBeNull();
    expect(result.thievesFound).toBeGreaterThan(1_000);
  });

  // Minutes, and half a gigabyte.
  (ALL_CASES ? it : it.skip).each<ModelOptions>([
    { name: 'four messages under way', ...HONEST, wire: 4 },
    { name: 'a thief between two tabs', ...THIEF, wire: 2 },
    { name: 'a thief who rotates every quarter', ...THIEF, steps: [GRACE / 4, GRACE + 1] },
  ])(
    'holds further out: $name',
    (options) => {
      expect(report(search(options)).fault).toBeNull();
    },
    3_600_000,
  );
});

describe('the search itself', () => {
  it.each<{ rule: string; judge: Judge; world: Omit<ModelOptions, 'name'>; fault: Fault }>([
    {
      rule: 'a fresh successor on each replay',
      judge: freshSuccessor,
      world: { ...THIEF, loses: 'nothing' },
      fault: 'thief lives on',
    },
    { rule: 'the parent allowed for ever', judge: parentForEver, world: THIEF, fault: 'thief lives on' },
    { rule: 'a displaced token still good', judge: displacedLivesOn, world: THIEF, fault: 'thief lives on' },
    {
      rule: '409 measured from the last rotation',
      judge: windowFromLastRotation,
      world: THIEF,
      fault: 'victim kept waiting',
    },
    { rule: 'no grace', judge: noGrace, world: HONEST, fault: 'false log-out' },
    { rule: 'no displacement', judge: noDisplacement, world: HONEST, fault: 'false log-out' },
    {
      rule: 'the parent’s supersession not renewed by a displacement',
      judge: displacementLeavesParent,
      world: HONEST,
      fault: 'false log-out',
    },
    { rule: 'late replays not noted', judge: lateReplayUnnoted, world: HONEST, fault: 'false log-out' },
  ])('finds out a broken rule: $rule', ({ rule, judge, world, fault }) => {
    expect(report(search({ name: rule, ...world, judge })).fault?.kind).toBe(fault);
  });

  it('finds out a client that stores whatever answer comes last', () => {
    const result = report(search({ name: 'tokenSeq ignored', ...HONEST, ignoresTokenSeq: true }));
    expect(result.fault?.kind).toBe('false log-out');
  });

  // The stated limit of displacement: a client that loses the answers of four windows in a row.
  it('finds the fourth lost window', () => {
    const result = report(search({ name: 'four windows lost', ...HONEST, wire: 1, loses: 'everything' }));
    expect(result.fault?.kind).toBe('false log-out');
    expect(result.fault?.path.filter((action) => action === 'served displace')).toHaveLength(3);
  });
});

function report(result: ModelResult): ModelResult {
  const falseLogOuts = result.fault?.kind === 'false log-out' ? 1 : 0;
  const found = result.thievesFound > 0 ? `, ${result.thievesFound} thieves found` : '';
  const fault = result.fault === null ? '' : `\n    ${result.fault.kind}: ${result.fault.path.join(' · ')}`;
  process.stdout.write(
    `  ${result.name}: ${result.states} states, ${result.transitions} transitions, ` +
      `${falseLogOuts} false log-outs${found}${fault}\n`,
  );
  return result;
}

/** Every replay within the grace starts its own chain, and every token that was not used is valid. */
function freshSuccessor(...[session, presented, now, policy]: Parameters<Judge>): Decision {
  const used = session.superseded.find((token) => isSame(token, presented));
  if (used !== undefined && now - used.at > policy.graceMs) return { kind: 'reused' };
  const asTip = { ...session, branch: presented.branch, generation: presented.generation };
  const decision = decide(asTip, presented, now, policy);
  if (decision.kind !== 'rotate') return decision;
  const superseded = used === undefined ? decision.next.superseded : session.superseded;
  return {
    kind: 'rotate',
    next: { ...decision.next, generation: session.generation + 1, branch: 0, superseded },
  };
}

function parentForEver(...[session, presented, now, policy]: Parameters<Judge>): Decision {
  if (!isParent(session, presented)) return decide(session, presented, now, policy);
  return { kind: 'replay', successor: session, tokenSeq: session.tokenSeq, next: null };
}

function displacedLivesOn(...[session, presented, now, policy]: Parameters<Judge>): Decision {
  const isDisplaced = presented.generation === session.generation && presented.branch < session.branch;
  return decide(session, isDisplaced ? session : presented, now, policy);
}

function windowFromLastRotation(...[session, presented, now, policy]: Parameters<Judge>): Decision {
  const decision = decide(session, presented, now, policy);
  const isRecent = now - session.rotatedAt <= policy.graceMs;
  return decision.kind === 'reused' && isRecent ? { kind: 'superseded', retryAfterSeconds: 1 } : decision;
}

function noGrace(...[session, presented, now, policy]: Parameters<Judge>): Decision {
  return isParent(session, presented) ? { kind: 'reused' } : decide(session, presented, now, policy);
}

function noDisplacement(...[session, presented, now, policy]: Parameters<Judge>): Decision {
  return decide(session, presented, now, { ...policy, lostResponse: 'revoke' });
}

function displacementLeavesParent(...[session, presented, now, policy]: Parameters<Judge>): Decision {
  const decision = decide(session, presented, now, policy);
  if (decision.kind !== 'displace') return decision;
  const superseded = decision.next.superseded.map(
    (token) => session.superseded.find((before) => isSame(before, token)) ?? token,
  );
  return { kind: 'displace', next: { ...decision.next, superseded } };
}

function lateReplayUnnoted(...[session, presented, now, policy]: Parameters<Judge>): Decision {
  const decision = decide(session, presented, now, policy);
  return decision.kind === 'replay' ? { ...decision, next: null } : decision;
}

function isParent(session: FamilyState, presented: TokenPosition): boolean {
  const parent: Supersession | undefined = session.superseded.findLast(
    (token) => token.generation === session.generation - 1,
  );
  return parent !== undefined && isSame(parent, presented);
}

function isSame(a: TokenPosition, b: TokenPosition): boolean {
  return a.generation === b.generation && a.branch === b.branch;
}
