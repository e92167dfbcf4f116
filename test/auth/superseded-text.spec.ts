import * as fc from 'fast-check';
import type { Supersession } from '../../src/auth/refresh-token/decide.js';
import { parseSuperseded, writeSuperseded } from '../../src/auth/session/superseded-text.js';

const supersession = fc.record<Supersession>({
  generation: fc.nat(2 ** 24 - 1),
  branch: fc.nat(15),
  at: fc.nat(2 ** 45),
});

const written = (list: readonly Supersession[]) =>
  JSON.stringify(list.map(({ generation, branch, at }) => [generation, branch, at]));

it('a text made from the one before is what it would be written anew', () => {
  fc.assert(
    fc.property(
      fc.array(supersession, { maxLength: 16 }),
      fc.array(supersession, { maxLength: 3 }),
      fc.nat(17),
      fc.option(fc.nat(15)),
      (seen, added, dropped, changed) => {
        const next = [...seen, ...added].slice(dropped);
        // As a late replay or a displacement does to the parent.
        if (changed !== null && next[changed] !== undefined)
          next[changed] = { ...next[changed], at: next[changed].at + 1 };
        expect(writeSuperseded(next, { list: seen, text: written(seen) })).toBe(written(next));
        expect(writeSuperseded(next)).toBe(written(next));
        expect(parseSuperseded(written(next))).toEqual(next);
      },
    ),
    { numRuns: 2_000 },
  );
});

it('goes on for a hundred rotations', () => {
  let seen: readonly Supersession[] = [];
  let text = '[]';
  for (let generation = 0; generation < 100; generation++) {
    const next = [...seen, { generation, branch: 0, at: 1_795_000_000_000 + generation }].slice(-16);
    text = writeSuperseded(next, { list: seen, text });
    expect(text).toBe(written(next));
    seen = next;
  }
});
