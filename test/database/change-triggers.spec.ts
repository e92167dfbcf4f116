import { type DataSource, type QueryRunner, TableColumn } from 'typeorm';
import type { DatabaseConfig } from '../../src/config/variables.js';
import { createChangeTriggers, hasChangeTriggers } from '../../src/database/change-triggers.js';
import { TestDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/temporary.js';
import { onDataSource, undoLastMigration } from './undo-migration.js';

const INSERT_PROJECT = `
  INSERT INTO bo_project (owner_id, name, status, status_mode, time_zone, access_token_seconds, refresh_policy,
    grace_seconds, absolute_seconds, lost_response, verify_cipher, verify_key, verify_encoding, verify_skew_seconds,
    verify_stamp_required, created_at)
  VALUES ('acme', 'Acme', 'active', 'http', 'UTC', 60, 'rotate', 60, 60, 'reissue', 'des-ecb', 'key', 'base64', 300,
    false, 0)`;

describe.each(['sqlite', 'postgres'] as const)('the triggers that log changes, on %s', (kind) => {
  const folder = temporaryFolder();
  let postgres: TestDatabase | null = null;
  let database: DatabaseConfig;
  beforeAll(async () => {
    if (kind === 'postgres') postgres = await TestDatabase.create();
    database =
      postgres === null
        ? { kind: 'sqlite', file: `${folder.path}/triggers.sqlite` }
        : { kind: 'postgres', url: postgres.url };
  });
  afterAll(async () => {
    await postgres?.drop();
    folder.remove();
  });

  const run = <T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> =>
    onDataSource(database, async (dataSource) => {
      const runner = dataSource.createQueryRunner();
      try {
        return await work(runner);
      } finally {
        await runner.release();
      }
    });
  const runMigrations = (dataSource: DataSource) => dataSource.runMigrations();
  const rename = (name: string) =>
    run((runner) => runner.query(`UPDATE bo_project SET name = '${name}' WHERE owner_id = 'acme'`));
  const logged = () => run((runner) => runner.query('SELECT owner_id, user_id FROM bo_change'));

  it('are there after all migrations: one that drops them creates them again', async () => {
    await onDataSource(database, runMigrations);
    expect(await run(hasChangeTriggers)).toBe(true);
  });

  it('can be removed from a database that is used, and added', async () => {
    await run((runner) => runner.query(INSERT_PROJECT));
    await rename('one');
    await undoLastMigration(database);
    await rename('two');
    await onDataSource(database, runMigrations);
    const gap = { owner_id: null, user_id: null };
    expect(await logged()).toEqual([gap]);
    await rename('three');
    expect(await logged()).toEqual([gap, { owner_id: 'acme', user_id: null }]);
  });

  it('are created again after a change of the table that drops them, as those of TypeORM do on SQLite', async () => {
    const column = new TableColumn({ name: 'later', type: 'integer', isNullable: true });
    await run((runner) => runner.addColumn('bo_user', column));
    expect(await run(hasChangeTriggers)).toBe(kind === 'postgres');
    await run(createChangeTriggers);
    expect(await run(hasChangeTriggers)).toBe(true);
  });
});
