import * as fc from 'fast-check';
import {
  decide,
  type FamilyState,
  MAX_DISPLACEMENTS,
  type RefreshPolicy,
  SUPERSEDED_KEPT,
} from '../../src/auth/refresh-token/decide.js';
import { MAX_GENERATION, type TokenPosition } from '../../src/auth/refresh-token/refresh-token.js';
import { T, DAY, FAMILY, at, columnsOf, ascending, deepFreeze } from './family.js';

describe('any decision', () => {
  const policies = fc.record({
    mode: fc.constantFrom('reuse', 'rotate'),
    graceMs: fc.oneof(fc.integer({ min: 0, max: 300_000 }), fc.constantFrom(0, 1, 300_000)),
    idleMs: fc.option(fc.integer({ min: 1, max: 40 * DAY })),
    lostResponse: fc.constantFrom('reissue', 'revoke'),
  } satisfies Record<keyof RefreshPolicy, unknown>);
  const anyPositions = fc.record({
    generation: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: MAX_GENERATION })),
    branch: fc.integer({ min: 0, max: 15 }),
  });
  const moments = fc.integer({ min: T - 2 * DAY, max: T + 20 * DAY });
  const anyFamilies = fc.record({
    status: fc.constantFrom('active', 'active', 'active', 'ended'),
    generation: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: MAX_GENERATION })),
    branch: fc.integer({ min: 0, max: 15 }),
    rotatedAt: moments,
    createdAt: moments,
    idleExpiresAt: fc.option(moments),
    expiresAt: moments,
    superseded: fc.array(
      fc.record({ generation: fc.integer({ min: 0, max: 12 }), branch: fc.nat(15), at: moments }),
      { maxLength: SUPERSEDED_KEPT },
    ),
    tokenSeq: fc.nat(1_000),
    subject: fc.record({ active: fc.boolean(), validAfter: fc.oneof(fc.constant(0), moments) }),
  } satisfies Record<keyof FamilyState, unknown>);

  it('is made of any row, changes nothing, and is made again', () => {
    fc.assert(
      fc.property(anyFamilies, anyPositions, moments, policies, (session, presented, now, policy) => {
        const inputs = JSON.stringify([session, presented, policy]);
        const decision = decide(deepFreeze(session), deepFreeze(presented), now, deepFreeze(policy));
        expect(JSON.stringify([session, presented, policy])).toBe(inputs);
        expect(decide(session, presented, now, policy)).toEqual(decision);
        if (decision.kind === 'superseded') {
          expect(decision.retryAfterSeconds).toBeGreaterThanOrEqual(1);
          expect(decision.retryAfterSeconds).toBeLessThanOrEqual(300);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  /** A session's life: presented tokens, each one issued before, at growing moments. */
  const lives = fc.record({
    policy: policies,
    uses: fc.array(
      fc.record({
        back: fc.oneof(fc.constant(0), fc.constant(0), fc.nat(3)),
        waitMs: fc.oneof(fc.nat(1_000), fc.nat(600_000), fc.nat(DAY)),
      }),
      { maxLength: 60 },
    ),
  });

  it('keeps the row in order throughout any life', () => {
    fc.assert(
      fc.property(lives, ({ policy, uses }) => {
        let session: FamilyState = {
          ...FAMILY,
          generation: 0,
          superseded: [],
          tokenSeq: 1,
          createdAt: T,
          expiresAt: T + 14 * DAY,
          idleExpiresAt: policy.idleMs === null ? null : Math.min(T + policy.idleMs, T + 14 * DAY),
        };
        const issued: TokenPosition[] = [at(0, 0)];
        let now = T;
        for (const { back, waitMs } of uses) {
          now += waitMs;
          const presented = issued.at(-1 - back) ?? issued[0]!;
          const decision = decide(session, presented, now, policy);
          if (!('next' in decision) || decision.next === null) continue;
          const { next } = decision;
          expect(next.superseded.length).toBeLessThanOrEqual(SUPERSEDED_KEPT);
          expect(next.superseded).toEqual([...next.superseded].sort(ascending));
          expect(next.idleExpiresAt ?? 0).toBeLessThanOrEqual(session.expiresAt);
          if (decision.kind === 'replay') {
            expect({ ...next, superseded: null }).toEqual({ ...columnsOf(session), superseded: null });
            expect(decision.successor).toEqual(at(session.generation, session.branch));
          } else {
            expect(ascending(next, session)).toBeGreaterThan(0);
            expect(next.tokenSeq).toBe(session.tokenSeq + 1);
            expect(next.branch).toBeLessThanOrEqual(MAX_DISPLACEMENTS);
            expect(next.rotatedAt).toBe(now);
            expect(next.superseded.at(-1)).toEqual({
              generation: session.generation,
              branch: session.branch,
              at: now,
            });
            issued.push(at(next.generation, next.branch));
          }
          session = { ...session, ...next };
        }
        // One token for each number.
        expect(new Set(issued.map(({ generation, branch }) => `${generation}.${branch}`)).size).toBe(
          issued.length,
        );
      }),
      { numRuns: 1_000 },
    );
  });
});
