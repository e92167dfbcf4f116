import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The language of a project's error messages. */
export class ProjectLanguage1764000000070 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // `addColumn` would copy the whole table on SQLite. The default also serves rows that the previous release inserts.
    await queryRunner.query(`ALTER TABLE bo_project ADD COLUMN language varchar(8) NOT NULL DEFAULT 'en'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE bo_project DROP COLUMN language`);
  }
}
