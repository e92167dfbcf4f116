import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';
import { addColumns, dropColumns } from '../columns.js';

const COLUMNS = {
  login_max_failures: 'integer NOT NULL DEFAULT 5',
  login_lock_seconds: 'integer NOT NULL DEFAULT 600',
} as const;

/** How many failed logins lock a login name, those that count at present, and from which networks each user signs in. */
export class LoginFailures1764000000080 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await addColumns(queryRunner, 'bo_project', COLUMNS);
    await queryRunner.createTable(
      new Table({
        name: 'bo_login_failure',
        columns: [
          { name: 'owner_id', type: 'varchar', length: '64', isPrimary: true },
          { name: 'name_hash', type: 'varchar', length: '64', isPrimary: true },
          { name: 'user_id', type: 'varchar', length: '64', isNullable: true },
          { name: 'record', type: 'text' },
          { name: 'locked_until', type: 'bigint', isNullable: true },
          { name: 'expires_at', type: 'bigint' },
        ],
        indices: [{ name: 'ix_bo_login_failure_expiry', columnNames: ['expires_at'] }],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'bo_usual_network',
        columns: [
          { name: 'owner_id', type: 'varchar', length: '64', isPrimary: true },
          { name: 'user_id', type: 'varchar', length: '64', isPrimary: true },
          { name: 'network', type: 'varchar', length: '64', isPrimary: true },
          { name: 'last_login_at', type: 'bigint' },
        ],
        indices: [{ name: 'ix_bo_usual_network_last_login', columnNames: ['last_login_at'] }],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('bo_usual_network');
    await queryRunner.dropTable('bo_login_failure');
    await dropColumns(queryRunner, 'bo_project', COLUMNS);
  }
}
