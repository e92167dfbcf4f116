import { type MigrationInterface, type QueryRunner } from 'typeorm';

const COLUMNS = {
  verify_previous_cipher: 'varchar(16)',
  verify_previous_key: 'varchar(256)',
  verify_previous_iv: 'varchar(64)',
  verify_previous_until: 'bigint',
} as const;

/** A project's previous `XverifyApi` key, still accepted while its clients are updated to the new one. */
export class VerifyKeyOverlap1764000000010 implements MigrationInterface {
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
