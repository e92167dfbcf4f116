import { array, assert, constantFrom, integer, nat, property, record, string, tuple } from 'fast-check';
import { digestUse, ReplayMemory } from '../src/tenancy/replay-memory.js';

const SKEW = 1000;

/** What the memory is, with neither bound nor hash. */
class PlainMemory {
  private readonly entries = new Map<string, { use: string; expiresAt: number }>();

  claim(ownerId: string, guid: string, use: string, expiresAt: number, now: number): string {
    const key = JSON.stringify([ownerId, guid]);
    const entry = this.entries.get(key);
    if (!entry || entry.expiresAt < now) {
      this.entries.set(key, { use, expiresAt });
      return 'first';
    }
    if (entry.use !== use) return 'replay';
    entry.expiresAt = Math.max(entry.expiresAt, expiresAt);
    return 'retry';
  }
}

const guidOf = (n: number): string => n.toString(16).padStart(32, '0');

describe('ReplayMemory', () => {
  it('does what a plain map does while there is room, clocks going back included', () => {
    const step = record({
      owner: constantFrom('a', 'ab', 'A', 'ptdev', '1', '11'),
      guid: nat(5),
      use: constantFrom('x', 'y', ''),
      life: integer({ min: -2, max: 2 * SKEW }),
      advance: integer({ min: -300, max: SKEW }),
    });
    assert(
      property(array(step, { maxLength: 120 }), (steps) => {
        const memory = new ReplayMemory({ capacity: 4096 });
        const plain = new PlainMemory();
        let now = 1_700_000_000_000;
        for (const { owner, guid, use, life, advance } of steps) {
          now += advance;
          const claim = [owner, guidOf(guid), use, now + life, now] as const;
          expect(memory.claim(...claim)).toBe(plain.claim(...claim));
        }
        expect(memory.forgotten).toBe(0);
      }),
    );
  });

  it('keeps every live entry up to half of its slots', () => {
    const memory = new ReplayMemory({ capacity: 2 ** 16 });
    const half = 2 ** 15;
    for (let n = 0; n < half; n++) expect(memory.claim('acme', guidOf(n), 'x', SKEW, 0)).toBe('first');
    for (let n = 0; n < half; n++) expect(memory.claim('acme', guidOf(n), 'y', SKEW, SKEW)).toBe('replay');
    expect(memory.forgotten).toBe(0);
    for (let n = 0; n < half; n++) {
      expect(memory.claim('acme', guidOf(n), 'y', 3 * SKEW, SKEW + 1)).toBe('first');
    }
    expect(memory.forgotten).toBe(0);
  });

  it('remembers up to and including the expiry', () => {
    const memory = new ReplayMemory({ capacity: 16 });
    expect(memory.claim('acme', guidOf(1), 'x', 500, 0)).toBe('first');
    expect(memory.claim('acme', guidOf(1), 'y', 999, 500)).toBe('replay');
    expect(memory.claim('acme', guidOf(1), 'y', 999, 501)).toBe('first');
  });

  it('never lets a refused replay prolong or change what is remembered', () => {
    const memory = new ReplayMemory({ capacity: 16 });
    memory.claim('acme', guidOf(1), 'x', 500, 0);
    expect(memory.claim('acme', guidOf(1), 'y', 9999, 1)).toBe('replay');
    expect(memory.claim('acme', guidOf(1), 'x', 500, 2)).toBe('retry');
    expect(memory.claim('acme', guidOf(1), 'y', 9999, 501)).toBe('first');
  });

  it('forgets the entry nearest to its expiry when it is full, and goes on', () => {
    const memory = new ReplayMemory({ capacity: 16 });
    for (let n = 0; n < 16; n++) expect(memory.claim('acme', guidOf(n), 'x', 1000 + n, 0)).toBe('first');
    expect(memory.forgotten).toBe(0);
    for (let n = 16; n < 40; n++) expect(memory.claim('acme', guidOf(n), 'x', 1000 + n, 0)).toBe('first');
    expect(memory.forgotten).toBe(24);
    for (let n = 24; n < 40; n++) expect(memory.claim('acme', guidOf(n), 'y', 5000, 0)).toBe('replay');
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
