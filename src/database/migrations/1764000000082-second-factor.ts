import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';
import { addColumns, dropColumns } from '../columns.js';

const COLUMNS = { second_factor: `varchar(16) NOT NULL DEFAULT 'off'` } as const;

/** Whether logins of a project ask for a second factor, and the users' TOTP secrets, which are stored encrypted. */
export class SecondFactor1764000000082 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await addColumns(queryRunner, 'bo_project', COLUMNS);
    await queryRunner.createTable(
      new Table({
        name: 'bo_second_factor',
        columns: [
          { name: 'owner_id', type: 'varchar', length: '64', isPrimary: true },
          { name: 'user_id', type: 'varchar', length: '64', isPrimary: true },
          { name: 'status', type: 'varchar', length: '16' },
          { name: 'secret', type: 'text' },
          { name: 'last_step', type: 'bigint' },
          { name: 'recovery_codes', type: 'text' },
          { name: 'created_at', type: 'bigint' },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('bo_second_factor');
    await dropColumns(queryRunner, 'bo_project', COLUMNS);
  }
}
