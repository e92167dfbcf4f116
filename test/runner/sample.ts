import { RandomSource } from '../history/random-source.js';
import { SEED } from './seed.js';

/** Whether this run makes every case of the long specs (`npm run test:all`), or a sample of them that its seed picks. */
export const ALL_CASES = process.env['TEST_CASES'] === 'all';

/** @returns `count` of the cases, in their order; with `npm run test:all`, all of them */
export function sample<T>(cases: readonly T[], count: number): readonly T[] {
  if (ALL_CASES) return cases;
  const source = new RandomSource(SEED);
  const left = cases.map((_, index) => index);
  const picked = Array.from({ length: count }, () => left.splice(source.below(left.length), 1)[0]);
  return cases.filter((_, index) => picked.includes(index));
}
