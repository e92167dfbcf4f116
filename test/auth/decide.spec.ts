import {
  decide,
  type FamilyState,
  MAX_DISPLACEMENTS,
  type RefreshPolicy,
  SUPERSEDED_KEPT,
} from '../../src/auth/refresh-token/decide.js';
import { MAX_GENERATION } from '../../src/auth/refresh-token/refresh-token.js';
import {
  T,
  G,
  FLIGHT,
  HOUR,
  DAY,
  ROTATE,
  REUSE,
  FAMILY,
  TIP,
  PARENT,
  OLDER,
  DISPLACED,
  at,
  next,
} from './family.js';

describe('a dead session', () => {
  const dead: [string, Partial<FamilyState>, number, string][] = [
    ['ended', { status: 'ended' }, T, 'ended'],
    ['at its absolute end', { expiresAt: T + 1 }, T + 1, 'expired'],
    ['idle for its whole idle lifetime', { idleExpiresAt: T + 1 }, T + 1, 'idle'],
    ['of a disabled user or project', { subject: { active: false, validAfter: 0 } }, T, 'subject'],
    [
      'from before "log out everywhere"',
      { subject: { active: true, validAfter: FAMILY.createdAt + 1 } },
      T,
      'logged-out-everywhere',
    ],
  ];
  it.each(dead)('%s is refused whatever is presented', (_, change, now, reason) => {
    for (const policy of [ROTATE, REUSE]) {
      for (const presented of [TIP, PARENT, OLDER, at(2, 0), at(9, 0)]) {
        expect(decide({ ...FAMILY, ...change }, presented, now, policy)).toEqual({ kind: 'refused', reason });
      }
    }
  });

  it('lives until the last millisecond', () => {
    const session = { ...FAMILY, expiresAt: T + 2, idleExpiresAt: T + 2 };
    expect(decide(session, TIP, T + 1, ROTATE).kind).toBe('rotate');
  });

  it('is not one that was created at the very moment of "log out everywhere"', () => {
    const session = { ...FAMILY, subject: { active: true, validAfter: FAMILY.createdAt } };
    expect(decide(session, TIP, T, ROTATE).kind).toBe('rotate');
  });

  it('names its first cause', () => {
    const session = { ...FAMILY, expiresAt: T, idleExpiresAt: T, subject: { active: false, validAfter: T } };
    expect(decide({ ...session, status: 'ended' }, TIP, T, ROTATE)).toMatchObject({ reason: 'ended' });
    expect(decide(session, TIP, T, ROTATE)).toMatchObject({ reason: 'expired' });
    expect(decide({ ...session, expiresAt: T + 1 }, TIP, T, ROTATE)).toMatchObject({ reason: 'idle' });
  });
});

describe('the tip', () => {
  it('rotates', () => {
    const now = T + HOUR;
    expect(decide(FAMILY, TIP, now, { ...ROTATE, idleMs: DAY })).toEqual({
      kind: 'rotate',
      next: {
        generation: 6,
        branch: 0,
        rotatedAt: now,
        idleExpiresAt: now + DAY,
        superseded: [...FAMILY.superseded, { generation: 5, branch: 0, at: now }],
        tokenSeq: 7,
      },
    });
  });

  it('rotates from a displaced generation too', () => {
    expect(next(decide(DISPLACED, at(5, 1), T + 2 * HOUR, ROTATE))).toMatchObject({
      generation: 6,
      branch: 0,
    });
  });

  it('never gets an idle end after the absolute one', () => {
    const now = FAMILY.expiresAt - HOUR;
    const decision = decide(FAMILY, TIP, now, { ...ROTATE, idleMs: DAY });
    expect(next(decision).idleExpiresAt).toBe(FAMILY.expiresAt);
  });

  it('remembers the last sixteen only', () => {
    let session = FAMILY;
    for (let i = 0; i < 40; i++) session = { ...session, ...next(decide(session, session, T + i, ROTATE)) };
    expect(session.superseded).toHaveLength(SUPERSEDED_KEPT);
    expect(session.superseded[0]).toEqual({ generation: 29, branch: 0, at: T + 24 });
    expect(session.superseded.at(-1)).toEqual({ generation: 44, branch: 0, at: T + 39 });
    expect(session.tokenSeq).toBe(46);
    expect(decide(session, at(29, 0), T + 40, ROTATE).kind).toBe('superseded');
    expect(decide(session, at(28, 0), T + 40, ROTATE).kind).toBe('reused');
  });

  it('has no successor at the last generation', () => {
    const session = { ...FAMILY, generation: MAX_GENERATION, superseded: [] };
    expect(decide(session, session, T, ROTATE)).toEqual({ kind: 'refused', reason: 'expired' });
    expect(decide(session, session, T, REUSE)).toEqual({ kind: 'keep', touch: null });
    const before = { ...session, generation: MAX_GENERATION - 1 };
    expect(next(decide(before, before, T, ROTATE)).generation).toBe(MAX_GENERATION);
  });

  it('is where an imported token stands: position (0, 0)', () => {
    const session = { ...FAMILY, generation: 0, superseded: [], tokenSeq: 1 };
    expect(next(decide(session, at(0, 0), T, ROTATE))).toMatchObject({ generation: 1, tokenSeq: 2 });
    expect(decide(session, at(0, 0), T, REUSE)).toEqual({ kind: 'keep', touch: null });
  });
});

describe('the tip under reuse', () => {
  const idle = { ...REUSE, idleMs: 16 * HOUR };
  const touched = (
    idleExpiresAt: number | null,
    now: number,
    policy: RefreshPolicy = idle,
  ): number | null => {
    const decision = decide({ ...FAMILY, idleExpiresAt }, TIP, now, policy);
    if (decision.kind !== 'keep') throw new Error(decision.kind);
    return decision.touch;
  };

  it('is kept without a write', () => {
    expect(decide(FAMILY, TIP, T + DAY, REUSE)).toEqual({ kind: 'keep', touch: null });
  });

  it('renews the idle end once a sixteenth of the idle lifetime has passed', () => {
    expect(touched(T + 16 * HOUR, T)).toBeNull();
    expect(touched(T + 16 * HOUR, T + HOUR - 1)).toBeNull();
    expect(touched(T + 16 * HOUR, T + HOUR)).toBe(T + 17 * HOUR);
  });

  it('renews it up to the absolute end, once', () => {
    const now = FAMILY.expiresAt - 16 * HOUR;
    expect(touched(FAMILY.expiresAt - 1, now)).toBe(FAMILY.expiresAt);
    expect(touched(FAMILY.expiresAt, now + HOUR)).toBeNull();
  });

  it('follows a changed policy', () => {
    expect(touched(null, T)).toBe(T + 16 * HOUR);
    expect(touched(T + 10 * DAY, T)).toBe(T + 16 * HOUR);
    expect(touched(T + HOUR, T, { ...REUSE, idleMs: null })).toBe(FAMILY.expiresAt);
    expect(touched(FAMILY.expiresAt, T, { ...REUSE, idleMs: null })).toBeNull();
  });

  it('outlives any idle lifetime while it is used', () => {
    let idleExpiresAt = T + 16 * HOUR;
    for (let now = T; now < FAMILY.expiresAt; now += 14 * HOUR) {
      idleExpiresAt = touched(idleExpiresAt, now) ?? idleExpiresAt;
    }
    expect(idleExpiresAt).toBe(FAMILY.expiresAt);
  });

  it.each([
    ['replays the parent', PARENT, T + G, 'replay'],
    ['displaces for the parent', PARENT, T + G + 1, 'displace'],
    ['puts off an older token', OLDER, T + 30_000, 'superseded'],
    ['finds an older token reused', OLDER, T + 30_001, 'reused'],
  ])('%s as under rotate', (_, presented, now, kind) => {
    expect(decide(FAMILY, presented, now, REUSE).kind).toBe(kind);
    expect(decide(FAMILY, presented, now, ROTATE)).toEqual(decide(FAMILY, presented, now, REUSE));
  });
});

describe('the parent', () => {
  it.each([0, 1_000, 31_000, G - FLIGHT])('gets the same successor %d ms later, without a write', (age) => {
    expect(decide(FAMILY, PARENT, T + age, ROTATE)).toEqual({
      kind: 'replay',
      successor: TIP,
      tokenSeq: 6,
      next: null,
    });
  });

  it('is noted once at the end of the window, and then put off until an eighth after it', () => {
    const late = decide(FAMILY, PARENT, T + G - FLIGHT + 1, ROTATE);
    expect(late).toMatchObject({ kind: 'replay', successor: TIP, tokenSeq: 6 });
    expect(next(late)).toEqual({
      generation: 5,
      branch: 0,
      rotatedAt: T,
      idleExpiresAt: null,
      superseded: [FAMILY.superseded[0], { ...PARENT, at: T + FLIGHT }],
      tokenSeq: 6,
    });
    const noted = { ...FAMILY, ...next(late) };
    expect(decide(noted, PARENT, T + G, ROTATE)).toMatchObject({ kind: 'replay', next: null });
    expect(decide(noted, PARENT, T + G + 1, ROTATE)).toEqual({ kind: 'superseded', retryAfterSeconds: 8 });
    expect(decide(noted, PARENT, T + G + FLIGHT, ROTATE)).toEqual({
      kind: 'superseded',
      retryAfterSeconds: 1,
    });
    expect(decide(noted, PARENT, T + G + FLIGHT + 1, ROTATE).kind).toBe('displace');
    // The tab that asked with the same token meanwhile, after another has used the successor.
    const used = { ...noted, ...next(decide(noted, TIP, T + G, ROTATE)) };
    expect(decide(used, PARENT, T + G + FLIGHT, ROTATE).kind).toBe('superseded');
    expect(decide(used, PARENT, T + G + FLIGHT + 1, ROTATE).kind).toBe('reused');
  });

  it('displaces an unused tip after the window, and both windows reopen', () => {
    const now = T + G + 1;
    expect(decide(FAMILY, PARENT, now, { ...ROTATE, idleMs: DAY })).toEqual({
      kind: 'displace',
      next: {
        generation: 5,
        branch: 1,
        rotatedAt: now,
        idleExpiresAt: now + DAY,
        superseded: [FAMILY.superseded[0], { ...PARENT, at: now }, { ...TIP, at: now }],
        tokenSeq: 7,
      },
    });
    expect(decide(DISPLACED, PARENT, T + HOUR + G, ROTATE)).toMatchObject({
      kind: 'replay',
      successor: at(5, 1),
      tokenSeq: 7,
    });
    expect(decide(DISPLACED, PARENT, T + HOUR + G + 1, ROTATE).kind).toBe('displace');
  });

  it('displaces three times a generation, then is found reused', () => {
    let session = FAMILY;
    let now = T;
    for (let branch = 1; branch <= MAX_DISPLACEMENTS; branch++) {
      now += G + 1;
      session = { ...session, ...next(decide(session, PARENT, now, ROTATE)) };
      expect(session).toMatchObject({ generation: 5, branch, tokenSeq: 6 + branch });
    }
    expect(decide(session, PARENT, now + G, ROTATE).kind).toBe('replay');
    expect(decide(session, PARENT, now + G + 1, ROTATE).kind).toBe('reused');
    expect(next(decide(session, session, now + DAY, ROTATE))).toMatchObject({ generation: 6, branch: 0 });
  });

  it('is found reused after the window where a lost answer ends the session', () => {
    const policy = { ...ROTATE, lostResponse: 'revoke' } as const;
    expect(decide(FAMILY, PARENT, T + G, policy).kind).toBe('replay');
    expect(decide(FAMILY, PARENT, T + G + 1, policy).kind).toBe('reused');
  });

  it('has a window of its own millisecond with no grace', () => {
    const policy = { ...ROTATE, graceMs: 0 };
    expect(decide(FAMILY, PARENT, T, policy)).toMatchObject({ kind: 'replay', next: null });
    expect(decide(FAMILY, PARENT, T + 1, policy).kind).toBe('displace');
  });

  it('of a displaced generation is the branch that was used', () => {
    const session = { ...DISPLACED, ...next(decide(DISPLACED, at(5, 1), T + HOUR, ROTATE)) };
    expect(decide(session, at(5, 1), T + HOUR + 1, ROTATE)).toMatchObject({ successor: at(6, 0) });
    expect(decide(session, at(5, 0), T + HOUR + 1, ROTATE).kind).toBe('superseded');
    expect(decide(session, at(5, 1), T + 2 * HOUR, ROTATE).kind).toBe('displace');
    expect(decide(session, at(5, 0), T + 2 * HOUR, ROTATE).kind).toBe('reused');
  });
});

describe('an older or a displaced token', () => {
  it('is put off while it was itself superseded within the window, to the millisecond', () => {
    expect(decide(FAMILY, OLDER, T + 30_000, ROTATE)).toEqual({ kind: 'superseded', retryAfterSeconds: 1 });
    expect(decide(FAMILY, OLDER, T + 30_001, ROTATE)).toEqual({ kind: 'reused' });
    expect(decide(DISPLACED, TIP, T + HOUR + G, ROTATE).kind).toBe('superseded');
    expect(decide(DISPLACED, TIP, T + HOUR + G + 1, ROTATE)).toEqual({ kind: 'reused' });
  });

  it('is found out however often the family rotates meanwhile', () => {
    let session = FAMILY;
    let now = T;
    while (now <= T + G) {
      now += 5_000;
      session = { ...session, ...next(decide(session, session, now, ROTATE)) };
      const decision = decide(session, PARENT, now, ROTATE);
      expect(decision.kind).toBe(now <= T + G ? 'superseded' : 'reused');
    }
  });

  it('is found out once it is forgotten, or was never issued', () => {
    expect(decide(FAMILY, at(2, 0), T, ROTATE).kind).toBe('reused');
    expect(decide(FAMILY, at(4, 1), T, ROTATE).kind).toBe('reused');
    expect(decide({ ...FAMILY, superseded: [] }, PARENT, T, ROTATE).kind).toBe('reused');
  });

  it('that was the parent of a displaced tip is put off a moment after the displacement', () => {
    const session = { ...DISPLACED, ...next(decide(DISPLACED, at(5, 1), T + HOUR, ROTATE)) };
    expect(decide(session, PARENT, T + HOUR + G, ROTATE).kind).toBe('superseded');
    expect(decide(session, PARENT, T + HOUR + G + 1, ROTATE).kind).toBe('reused');
  });
});

describe('a token beyond the tip', () => {
  it('moves the tip on to its successor', () => {
    const now = T + HOUR;
    expect(decide(FAMILY, at(7, 0), now, ROTATE)).toEqual({
      kind: 'advance',
      next: {
        generation: 8,
        branch: 0,
        rotatedAt: now,
        idleExpiresAt: null,
        superseded: [
          ...FAMILY.superseded,
          { ...TIP, at: now },
          { ...at(6, 0), at: now },
          { ...at(7, 0), at: now },
        ],
        // Two lost generations of up to four tokens each, and the one answered now.
        tokenSeq: 6 + 12,
      },
    });
  });

  it('becomes the tip under reuse', () => {
    const decision = decide(FAMILY, at(7, 2), T + HOUR, REUSE);
    expect(decision.kind).toBe('advance');
    expect(next(decision)).toMatchObject({ generation: 7, branch: 2, tokenSeq: 6 + 10 });
    expect(next(decision).superseded.slice(2)).toEqual(
      [TIP, at(6, 0), at(7, 0), at(7, 1)].map((token) => ({ ...token, at: T + HOUR })),
    );
  });

  it('may be a lost displacement of the tip’s own generation', () => {
    expect(next(decide(FAMILY, at(5, 2), T, ROTATE))).toMatchObject({ generation: 6, branch: 0 });
    expect(next(decide(FAMILY, at(5, 2), T, REUSE)).superseded.slice(2)).toEqual(
      [TIP, at(5, 1)].map((token) => ({ ...token, at: T })),
    );
  });

  it('may be any distance away', () => {
    expect(next(decide(FAMILY, at(MAX_GENERATION - 1, 0), T, ROTATE)).superseded).toHaveLength(
      SUPERSEDED_KEPT,
    );
    expect(decide(FAMILY, at(MAX_GENERATION, 0), T, ROTATE)).toEqual({ kind: 'refused', reason: 'expired' });
    expect(next(decide(FAMILY, at(MAX_GENERATION, 0), T, REUSE)).generation).toBe(MAX_GENERATION);
  });

  it('numbers its answer above every answer that was lost', () => {
    // The longest way from the row's tip: three displacements in each generation.
    let lost = FAMILY;
    for (let now = T; lost.generation < 8; now += HOUR) {
      const parent = at(lost.generation - 1, lost.generation === 5 ? 0 : MAX_DISPLACEMENTS);
      const presented = lost.branch < MAX_DISPLACEMENTS ? parent : lost;
      lost = { ...lost, ...next(decide(lost, presented, now + HOUR, ROTATE)) };
    }
    const restored = next(decide(FAMILY, lost, T + DAY, ROTATE));
    expect(restored.tokenSeq).toBeGreaterThan(lost.tokenSeq);
    expect(next(decide(FAMILY, lost, T + DAY, REUSE)).tokenSeq).toBeGreaterThanOrEqual(lost.tokenSeq);
  });

  it('leaves the other tab of the client its window', () => {
    const session = { ...FAMILY, ...next(decide(FAMILY, at(7, 0), T + HOUR, ROTATE)) };
    expect(decide(session, at(7, 0), T + HOUR + G, ROTATE).kind).toBe('replay');
    expect(decide(session, at(6, 0), T + HOUR + G, ROTATE).kind).toBe('superseded');
    expect(decide(session, at(6, 0), T + HOUR + G + 1, ROTATE).kind).toBe('reused');
  });
});

describe('a clock that was set back', () => {
  it('makes no token older than it is', () => {
    expect(decide(FAMILY, PARENT, T - HOUR, ROTATE).kind).toBe('replay');
    expect(decide(FAMILY, OLDER, T - HOUR, ROTATE)).toEqual({ kind: 'superseded', retryAfterSeconds: 1 });
  });
});
