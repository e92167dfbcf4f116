import { type MigrationInterface, type QueryRunner } from 'typeorm';

const COLUMNS = {
  // The default also serves rows that the previous release inserts.
  verify_padding: `varchar(16) NOT NULL DEFAULT 'pkcs7'`,
  verify_previous_padding: 'varchar(16)',
} as const;

/** How a project's clients pad the plaintext of `XverifyApi`. */
export class VerifyPadding1764000000040 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // `addColumn` would copy the whole table on SQLite.
    for (const [name, type] of Object.entries(COLUMNS))
      await queryRunner.query(`ALTER TABLE bo_project ADD COLUMN ${name} ${type}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of Object.keys(COLUMNS))
      await queryRunner.query(`ALTER TABLE bo_project DROP COLUMN ${name}`);
  }
}
