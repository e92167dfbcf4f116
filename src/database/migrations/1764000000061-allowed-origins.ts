import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** The origins whose pages may read a project's responses. Few projects have any; preflights ask for those alone. */
export class AllowedOrigins1764000000061 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // `addColumn` would copy the whole table on SQLite.
    await queryRunner.query('ALTER TABLE bo_project ADD COLUMN allowed_origins text');
    await queryRunner.query(
      'CREATE INDEX ix_bo_project_origins ON bo_project (owner_id) WHERE allowed_origins IS NOT NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX ix_bo_project_origins');
    await queryRunner.query('ALTER TABLE bo_project DROP COLUMN allowed_origins');
  }
}
