/**
 * A seeded random number generator (mulberry32). A printed seed repeats the same choices of a run, but not the same
 * interleaving, which depends on the machine.
 */
export class RandomSource {
  constructor(private state: number) {}

  /** A number in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** A number in [low, high). */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const [picked] = list.slice(this.below(list.length));
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  /** Creates an independent generator, so that one actor's choices do not depend on those of others. */
  fork(): RandomSource {
    return new RandomSource(Math.floor(this.next() * 0x1_0000_0000));
  }
}
