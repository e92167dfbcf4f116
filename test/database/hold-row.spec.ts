import { Client } from 'pg';
import { login, startApp, type TestApp } from '../support/app.js';
import { TestDatabase } from '../support/database.js';

describe('the lock of a row, on postgres', () => {
  let database: TestDatabase;
  let test: TestApp;
  let client: Client;
  beforeAll(async () => {
    database = await TestDatabase.create();
    test = await startApp({ DATABASE_URL: database.url });
    client = new Client(database.url);
    await client.connect();
  });
  afterAll(async () => {
    await client?.end();
    await test?.close();
    await database?.drop();
  });

  it('does not conflict with a row of another table that is just being written and refers to it', async () => {
    await client.query(`
      CREATE TABLE operators_own (owner_id varchar, user_id varchar,
        FOREIGN KEY (owner_id, user_id) REFERENCES bo_user (owner_id, user_id))`);
    await client.query('BEGIN');
    await client.query(`INSERT INTO operators_own VALUES ('acme', 'bob')`);
    expect((await login(test, { user: 'bob' })).tokenUser.userName).toBe('bob');
    await client.query('COMMIT');
  });
});
