import { array, assert, constantFrom, integer, nat, property, record, string, tuple } from 'fast-check';
import { ReplayMemory } from '../../src/tenancy/verification/replay-memory.js';
import { digestUse } from '../../src/tenancy/verification/request-use.js';

const SKEW = 1000;

/** A model of the memory, without bound and hash. */
class PlainMemory {
  private readonly entries = new Map<string, { use: string; expiresAt: number }>();
  private latest = 0;

  /** The correct outcomes; call `apply` with the actual one. */
  outcomes(ownerId: string, guid: string, use: string, now: number): string[] {
    this.latest = Math.max(this.latest, now);
    const entry = this.entries.get(JSON.stringify([ownerId, guid]));
    if (!entry || entry.expiresAt < now) return ['first'];
    const outcome = entry.use === use ? 'retry' : 'replay';
    // once expired, its room may have been given away, even if the clock is put back
    return entry.expiresAt < this.latest ? [outcome, 'first'] : [outcome];
  }

  apply(outcome: string, ownerId: string, guid: string, use: string, expiresAt: number): void {
    const key = JSON.stringify([ownerId, guid]);
    const before = this.entries.get(key);
    if (outcome === 'first') this.entries.set(key, { use, expiresAt });
    if (outcome === 'retry' && before) before.expiresAt = Math.max(before.expiresAt, expiresAt);
  }
}

const guidOf = (n: number): string => n.toString(16).padStart(32, '0');

describe('ReplayMemory', () => {
  it('does what a plain map does while there is room, clocks going back included', () => {
    const step = record({
      owner: constantFrom('a', 'ab', '1', '11'),
      guid: nat(3),
      use: constantFrom('x', 'x', 'y'),
      life: integer({ min: -2, max: 2 * SKEW }),
      advance: integer({ min: -300, max: SKEW }),
    });
    assert(
      property(array(step, { maxLength: 120 }), constantFrom(16, 4096), (steps, capacity) => {
        const memory = new ReplayMemory({ capacity });
        const plain = new PlainMemory();
        let now = 1_700_000_000_000;
        for (const { owner, guid, use, life, advance } of steps) {
          now += advance;
          const outcome = memory.claim(owner, guidOf(guid), use, now + life, now);
          expect(plain.outcomes(owner, guidOf(guid), use, now)).toContain(outcome);
          plain.apply(outcome, owner, guidOf(guid), use, now + life);
        }
        expect(memory.evicted).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps every live entry up to half of its slots', () => {
    const memory = new ReplayMemory({ capacity: 2 ** 16 });
    const half = 2 ** 15;
    // Compared in one go: a hundred thousand expectations take ten seconds.
    const answers = (use: string, expiresAt: number, now: number) =>
      new Set(Array.from({ length: half }, (_, n) => memory.claim('acme', guidOf(n), use, expiresAt, now)));
    expect(answers('x', SKEW, 0)).toEqual(new Set(['first']));
    expect(answers('y', SKEW, SKEW)).toEqual(new Set(['replay']));
    expect(memory.evicted).toBe(0);
    expect(answers('y', 3 * SKEW, SKEW + 1)).toEqual(new Set(['first']));
    expect(memory.evicted).toBe(0);
  });

  it('remembers up to and including the expiry', () => {
    const memory = new ReplayMemory({ capacity: 16 });
    expect(memory.claim('acme', guidOf(1), 'x', 500, 0)).toBe('first');
    expect(memory.claim('acme', guidOf(1), 'y', 999, 500)).toBe('replay');
    expect(memory.claim('acme', guidOf(1), 'y', 999, 501)).toBe('first');
  });

  it('lets a retry prolong what is remembered, never shorten it', () => {
    const memory = new ReplayMemory({ capacity: 16 });
    memory.claim('acme', guidOf(1), 'x', 500, 0);
    expect(memory.claim('acme', guidOf(1), 'x', 400, 1)).toBe('retry');
    expect(memory.claim('acme', guidOf(1), 'y', 900, 450)).toBe('replay');
    expect(memory.claim('acme', guidOf(1), 'x', 700, 460)).toBe('retry');
    expect(memory.claim('acme', guidOf(1), 'y', 900, 700)).toBe('replay');
  });

  it('never lets a refused replay prolong or change what is remembered', () => {
    const memory = new ReplayMemory({ capacity: 16 });
    memory.claim('acme', guidOf(1), 'x', 500, 0);
    expect(memory.claim('acme', guidOf(1), 'y', 9999, 1)).toBe('replay');
    expect(memory.claim('acme', guidOf(1), 'x', 500, 2)).toBe('retry');
    expect(memory.claim('acme', guidOf(1), 'y', 9999, 501)).toBe('first');
  });

  it('forgets the entry nearest to its expiry when it is full', () => {
    const memory = new ReplayMemory({ capacity: 16 });
    for (let n = 0; n < 16; n++) expect(memory.claim('acme', guidOf(n), 'x', 1000 + n, 0)).toBe('first');
    expect(memory.evicted).toBe(0);
    for (let n = 16; n < 40; n++) expect(memory.claim('acme', guidOf(n), 'x', 1000 + n, 0)).toBe('first');
    expect(memory.evicted).toBe(24);
    for (let n = 24; n < 40; n++) expect(memory.claim('acme', guidOf(n), 'y', 5000, 0)).toBe('replay');
  });

  it('takes the room of the project that uses most, however late its entries expire', () => {
    const memory = new ReplayMemory({ capacity: 16 });
    for (let n = 0; n < 5; n++) memory.claim('quiet', guidOf(n), 'x', 10, 0);
    for (let n = 0; n < 200; n++) memory.claim('flood', guidOf(n), 'x', 9999, 0);
    for (let n = 0; n < 3; n++) memory.claim('new', guidOf(n), 'x', 10, 0);
    expect(memory.evicted).toBe(200 + 5 + 3 - 16);
    for (let n = 0; n < 5; n++) expect(memory.check('quiet', guidOf(n), 'y', 0)).toBe('replay');
    for (let n = 0; n < 3; n++) expect(memory.check('new', guidOf(n), 'y', 0)).toBe('replay');
  });

  it('gives the room of what has expired to others, which forgets nothing', () => {
    const memory = new ReplayMemory({ capacity: 16 });
    for (let n = 0; n < 160; n++) {
      const now = Math.floor(n / 16) * 10;
      expect(memory.claim('acme', guidOf(n), 'x', now + 9, now)).toBe('first');
      expect(memory.claim('acme', guidOf(n), 'y', now + 9, now)).toBe('replay');
    }
    expect(memory.evicted).toBe(0);
  });

  it('keeps projects apart, also where their names and GUIDs join to the same text', () => {
    const memory = new ReplayMemory({ capacity: 1024 });
    expect(memory.claim('acme', 'b1', 'x', SKEW, 0)).toBe('first');
    expect(memory.claim('acmeb', '1', 'y', SKEW, 0)).toBe('first');
    expect(memory.claim('1', '1:ab', 'x', SKEW, 0)).toBe('first');
    expect(memory.claim('11:', '1ab', 'y', SKEW, 0)).toBe('first');
  });

  it('takes the use as bytes too', () => {
    const memory = new ReplayMemory({ capacity: 16 });
    expect(memory.claim('acme', guidOf(1), Buffer.from([1, 255]), SKEW, 0)).toBe('first');
    expect(memory.claim('acme', guidOf(1), Buffer.from([1, 255]), SKEW, 0)).toBe('retry');
    expect(memory.claim('acme', guidOf(1), Buffer.from([1, 254]), SKEW, 0)).toBe('replay');
  });

  it('releases a GUID for its own use alone, and hides no entry behind it', () => {
    const memory = new ReplayMemory({ capacity: 16 });
    for (let n = 0; n < 12; n++) memory.claim('acme', guidOf(n), 'x', SKEW, 0);
    for (let n = 0; n < 6; n++) memory.release('acme', guidOf(n), n < 3 ? 'x' : 'y');
    for (let n = 0; n < 12; n++)
      expect(memory.check('acme', guidOf(n), 'y', 0)).toBe(n < 3 ? 'first' : 'replay');
  });

  it('rounds its capacity up and refuses what is none', () => {
    expect(new ReplayMemory({ capacity: 1000 }).capacity).toBe(1024);
    expect(new ReplayMemory({ capacity: 1 }).claim('a', guidOf(1), 'x', 1, 0)).toBe('first');
    for (const capacity of [0, -1, 1.5, Number.NaN, 2 ** 27]) {
      expect(() => new ReplayMemory({ capacity })).toThrow(RangeError);
    }
  });
});

describe('digestUse', () => {
  it('is the same for the same request and differs for any other', () => {
    const part = string({
      unit: constantFrom('a', '"', ',', '\\', '\0', '\ud800', '\udfff'),
      maxLength: 4,
    });
    const triple = tuple(part, part, part);
    assert(
      property(triple, triple, (one, other) => {
        const same = one.every((text, i) => text === other[i]);
        expect(digestUse(...one) === digestUse(...other)).toBe(same);
        expect(digestUse(...one)).toMatch(/^[A-Za-z0-9_-]{43}$/);
      }),
      { numRuns: 2000 },
    );
  });
});
