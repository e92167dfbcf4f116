import { GroupRead } from '../../src/database/sqlite/group-read.js';

describe('reads that share a statement', () => {
  const statements: (readonly string[])[] = [];
  const readsWith = (concernsAll: boolean) =>
    new GroupRead<string, string>(
      async (keys) => {
        statements.push(keys);
        if (keys.includes('bad')) throw new Error('JSON cannot hold BLOB values');
        return keys.map((key) => `row ${key}`);
      },
      () => concernsAll,
    );
  beforeEach(() => void (statements.length = 0));

  it('do not fail because of another row', async () => {
    const reads = readsWith(false);
    const outcomes = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((key) => reads.submit(key)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(statements).toEqual([['a'], ['b', 'bad', 'c'], ['b'], ['bad'], ['c']]);
  });

  it('fail together when the store fails', async () => {
    const reads = readsWith(true);
    const outcomes = await Promise.allSettled(['a', 'b', 'bad'].map((key) => reads.submit(key)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(statements).toHaveLength(2);
  });
});
