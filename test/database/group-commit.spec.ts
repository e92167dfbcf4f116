import { array, assert, asyncProperty, boolean, constantFrom, nat, record } from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { GroupCommit } from '../../src/database/sqlite/group-commit.js';

/** A compare-and-set of a counter, as a refresh is one. */
interface Step {
  readonly key: string;
  readonly seen: number;
  /** Fails whatever commit it takes part in. */
  readonly poisoned: boolean;
}

class Poison extends Error {}
class DiskFull extends Error {}

/** Commits one item at a time. Sharing a commit must give the same outcomes. */
function alone(state: Map<string, number>, { key, seen, poisoned }: Step): boolean | 'failed' {
  if (poisoned) return 'failed';
  if ((state.get(key) ?? 0) !== seen) return false;
  state.set(key, seen + 1);
  return true;
}

/** A database that commits as the scheduler lets it, and notes what it has made durable. */
function sharedBy(options: { full?: () => boolean; turns?: number } = {}) {
  const durable = new Map<string, number>();
  const batches: Step[][] = [];
  const committed = new Set<Step>();
  let last: Promise<unknown> = Promise.resolve();
  let writing = 0;
  const group = new GroupCommit<Step, boolean>(
    {
      key: ({ key }) => key,
      commit: async (steps) => {
        writing++;
        expect(writing).toBe(1);
        batches.push([...steps]);
        try {
          for (let index = 0; index < (options.turns ?? 1); index++) await turn();
          if (options.full?.() === true) throw new DiskFull();
          if (steps.some(({ poisoned }) => poisoned)) throw new Poison();
          const outcomes = steps.map((step) => alone(durable, step) === true);
          for (const step of steps) committed.add(step);
          return outcomes;
        } finally {
          writing--;
        }
      },
      concernsAll: (error) => error instanceof DiskFull,
    },
    (work) => {
      const turned = last.then(work);
      last = turned.catch(() => undefined);
      return turned;
    },
  );
  return { group, durable, batches, committed };
}

const step = record({ key: constantFrom('a', 'b', 'c', 'd'), seen: nat(3), poisoned: boolean() });
/** Steps, in bursts that arrive while the commit of earlier ones is under way. */
const bursts = array(array(step, { maxLength: 12 }), { maxLength: 5 });

describe('GroupCommit', () => {
  it('answers each caller as if all had come one after the other, in the order of their keys', async () => {
    await assert(
      asyncProperty(bursts, nat(3), async (rounds, turns) => {
        const { group, durable, batches, committed } = sharedBy({ turns });
        const steps: Step[] = [];
        const answers: Promise<boolean | 'failed'>[] = [];
        for (const burst of rounds) {
          for (const each of burst) {
            steps.push(each);
            answers.push(
              group.submit(each).then(
                (outcome) => {
                  // No caller gets an outcome before its commit.
                  expect(committed.has(each)).toBe(true);
                  return outcome;
                },
                (error: unknown) => {
                  expect(error).toBeInstanceOf(Poison);
                  return 'failed';
                },
              ),
            );
          }
          await turn();
        }
        const plain = new Map<string, number>();
        expect(await Promise.all(answers)).toEqual(steps.map((each) => alone(plain, each)));
        expect(durable).toEqual(plain);
        for (const batch of batches) expect(new Set(batch.map(({ key }) => key)).size).toBe(batch.length);
      }),
      { numRuns: 150 },
    );
  });

  it('shares one commit among those who wait', async () => {
    const { group, batches } = sharedBy();
    const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);
    await Promise.all(keys.map((key) => group.submit({ key, seen: 0, poisoned: false })));
    expect(batches.length).toBeLessThanOrEqual(2);
  });

  it('bounds a batch', async () => {
    const { group, batches } = sharedBy();
    const keys = Array.from({ length: 1000 }, (_, index) => `key ${index}`);
    const outcomes = await Promise.all(keys.map((key) => group.submit({ key, seen: 0, poisoned: false })));
    expect(outcomes.every(Boolean)).toBe(true);
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(256);
  });

  it('rejects all waiting writes when the disk is full, and continues when it is not', async () => {
    let isFull = true;
    const { group, batches } = sharedBy({ full: () => isFull });
    const submit = (key: string) => group.submit({ key, seen: 0, poisoned: false });
    const failed = await Promise.allSettled([submit('a'), submit('b'), submit('a'), submit('c')]);
    expect(failed.map(({ status }) => status)).toEqual(Array<string>(4).fill('rejected'));
    // The second `a` waited behind the first, and was not kept for a second failure.
    expect(batches).toHaveLength(1);
    isFull = false;
    expect(await submit('a')).toBe(true);
  });

  it('tells who waits for a turn that never comes', async () => {
    const group = new GroupCommit<Step, boolean>(
      { key: ({ key }) => key, commit: async () => [], concernsAll: () => false },
      () => Promise.reject(new DiskFull()),
    );
    await expect(group.submit({ key: 'a', seen: 0, poisoned: false })).rejects.toThrow(DiskFull);
    await expect(group.submit({ key: 'a', seen: 0, poisoned: false })).rejects.toThrow(DiskFull);
  });
});
