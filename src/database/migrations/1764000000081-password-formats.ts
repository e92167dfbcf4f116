import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addColumns, dropColumns } from '../columns.js';

const OF_USER = {
  password_format: 'varchar(256)',
  password_salt: 'varchar(256)',
  password_user_name: 'varchar(64)',
} as const;

const OF_PROJECT = { password_decoys: 'text' } as const;

/** Password hashes of other systems. Few users keep one for long: the index has only those. */
export class PasswordFormats1764000000081 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await addColumns(queryRunner, 'bo_user', OF_USER);
    await addColumns(queryRunner, 'bo_project', OF_PROJECT);
    await queryRunner.query(
      `CREATE INDEX ix_bo_user_password_format ON bo_user (owner_id, password_format)
       WHERE password_format IS NOT NULL`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX ix_bo_user_password_format');
    await dropColumns(queryRunner, 'bo_project', OF_PROJECT);
    await dropColumns(queryRunner, 'bo_user', OF_USER);
  }
}
