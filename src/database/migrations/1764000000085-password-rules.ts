import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';
import { addColumns, dropColumns } from '../columns.js';

const OF_PROJECT = {
  password_min_length: 'integer NOT NULL DEFAULT 8',
  password_min_classes: 'integer NOT NULL DEFAULT 1',
  password_max_age_days: 'integer',
  password_history: 'integer NOT NULL DEFAULT 0',
  password_blocklist: `varchar(8) NOT NULL DEFAULT 'off'`,
  first_login_change: `varchar(8) NOT NULL DEFAULT 'off'`,
} as const;

const OF_USER = {
  must_change_password: 'boolean NOT NULL DEFAULT false',
  password_set_at: 'bigint',
} as const;

const HISTORY = 'bo_password_history';

/** What new passwords must be like, how old they may get, and the former ones. */
export class PasswordRules1764000000085 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await addColumns(queryRunner, 'bo_project', OF_PROJECT);
    await addColumns(queryRunner, 'bo_user', OF_USER);
    await queryRunner.createTable(
      new Table({
        name: HISTORY,
        columns: [
          { name: 'owner_id', type: 'varchar', length: '64', isPrimary: true },
          { name: 'user_id', type: 'varchar', length: '64', isPrimary: true },
          { name: 'password_hash', type: 'varchar', length: '256', isPrimary: true },
          { name: 'replaced_at', type: 'bigint' },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(HISTORY);
    await dropColumns(queryRunner, 'bo_user', OF_USER);
    await dropColumns(queryRunner, 'bo_project', OF_PROJECT);
  }
}
