import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createChangeTriggers, dropChangeTriggers } from '../change-triggers.js';
import { NOW_MS } from '../now-ms.js';

/** Without a length: the log must never refuse what the tables take. */
const KEY = 'owner_id text, user_id text';

/** A log of the projects and users that have changed, by which processes learn which of their copies to read again. */
export class ChangeLog1764000000090 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    if (queryRunner.connection.options.type === 'postgres') {
      await queryRunner.query(`
        CREATE TABLE bo_change (
          seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ${KEY},
          tx bigint NOT NULL DEFAULT txid_current(),
          logged_at bigint NOT NULL DEFAULT ${NOW_MS.postgres})`);
      await queryRunner.query('CREATE INDEX ix_bo_change_tx ON bo_change (tx)');
    } else
      // AUTOINCREMENT: a number is never used again, even if its row has been deleted.
      await queryRunner.query(`
        CREATE TABLE bo_change (
          seq integer PRIMARY KEY AUTOINCREMENT, ${KEY},
          logged_at bigint NOT NULL DEFAULT (${NOW_MS.sqlite}))`);
    await queryRunner.query('CREATE INDEX ix_bo_change_logged_at ON bo_change (logged_at)');
    await createChangeTriggers(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropChangeTriggers(queryRunner);
    if (queryRunner.connection.options.type === 'postgres')
      await queryRunner.query('DROP FUNCTION bo_log_change()');
    await queryRunner.dropTable('bo_change');
  }
}
