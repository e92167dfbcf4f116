import { assert, integer, property } from 'fast-check';
import { check, type Verdict } from './check.js';
import type { Rules } from './violation.js';
import type { Flaw } from './fake-engine.js';
import type { Operation } from './recorder.js';
import { RandomSource } from './random-source.js';
import { simulate, SIMULATED_GRACE_MS } from './simulation.js';

const rule = {
  policy: 'rotate',
  grace: SIMULATED_GRACE_MS,
  absoluteLifetime: 1_209_600_000,
  idleLifetime: null,
  staleness: 0,
} as const;
const rules: Rules = { acme: rule, ptdev: rule };

const judge = (seed: number, flaw?: Flaw): Verdict => check(simulate(new RandomSource(seed), flaw), rules);

describe('the judgement of a history', () => {
  it('finds nothing in whatever a sound engine answers, on any schedule', () => {
    assert(
      property(integer(), (seed) => {
        expect(judge(seed).violations).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('has seen every reason for a refusal', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const { explained } = judge(seed);
      for (const [reason, times] of Object.entries(explained)) if (times > 0) seen.add(reason);
    }
    expect([...seen].sort()).toEqual(['perhaps revoked', 'reused', 'revoked']);
  });

  it.each<[Flaw, string[]]>([
    ['fresh successor on replay', ['I1']],
    ['parent allowed for ever', ['I4', 'I6']],
    ['no grace', ['I3']],
    ['resurrection after reuse', ['I4']],
    ['reuse unseen', ['I4']],
    ['falling number', ['I6']],
    ['success after revocation', ['I2']],
    ['revocation forgotten at a crash', ['I2']],
    ['spurious 401', ['I3']],
    ['newest refused as superseded', ['I3']],
    ['another user', ['I5']],
    ['another session', ['I5']],
    ['expiry moves', ['I5']],
    ['other project honoured', ['I5']],
    ['tampered token honoured', ['I5']],
    ['spurious 500', ['answer']],
    ['commit lost for ever', ['I3', 'I6']],
  ])('finds %s', (flaw, invariants) => {
    const found = new Set<string>();
    for (let seed = 0; seed < 30; seed++) {
      for (const { invariant } of judge(seed, flaw).violations) found.add(invariant);
    }
    expect([...found]).toEqual(expect.arrayContaining(invariants));
  });

  it.each([
    ['keyless', 'DPOP_PROOF_INVALID', 'REFRESH_TOKEN_EXPIRED'],
    ['stranger', 'invalid_grant', 'SESSION_LOGGED_OUT'],
  ] as const)('finds an answer to a %s, and what such a request has done', (actor, right, wrong) => {
    const history = simulate(new RandomSource(1));
    const refresh = history.find(({ kind, answer }) => kind === 'refresh' && answer?.status === 200)!;
    const stolen = { ...refresh, id: history.length, actor };
    const invariants = (...more: Operation[]) =>
      check([...history, ...more], rules).violations.map(({ invariant }) => invariant);
    expect(invariants(stolen)).toEqual(['I7']);
    const refused = (errorCode: string) => ({ ...stolen, answer: { status: 401, errorCode } });
    expect(invariants(refused(wrong))).toEqual(['I7']);
    expect(invariants(refused(right))).toEqual([]);
  });
});
