import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addColumns, dropColumns } from '../columns.js';

const COLUMNS = {
  verify_padding: `varchar(16) NOT NULL DEFAULT 'pkcs7'`,
  verify_previous_padding: 'varchar(16)',
} as const;

/** How a project's clients pad the plaintext of `XverifyApi`. */
export class VerifyPadding1764000000040 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await addColumns(queryRunner, 'bo_project', COLUMNS);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropColumns(queryRunner, 'bo_project', COLUMNS);
  }
}
