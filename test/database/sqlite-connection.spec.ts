import { SqliteConnection, SqliteFailure } from '../../src/database/sqlite/sqlite-connection.js';

it('fails every call of a statement that cannot be prepared, until it can be', async () => {
  const connection = await SqliteConnection.openPlain(':memory:', 0);
  const read = () => connection.all<{ one: number }>('SELECT one FROM later WHERE one = $1', [1]);
  for (const outcome of await Promise.allSettled([read(), read()]))
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(SqliteFailure) });
  await connection.execute('CREATE TABLE later (one integer); INSERT INTO later VALUES (1)');
  expect(await Promise.all([read(), read()])).toEqual([[{ one: 1 }], [{ one: 1 }]]);
  await connection.close();
});
