import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** How many sessions a user may have per client, and what a login does when there are as many. */
export class SessionLimits1764000000060 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // `addColumn` would copy the whole table on SQLite.
    await queryRunner.query(`ALTER TABLE bo_project ADD COLUMN max_sessions_per_client integer`);
    await queryRunner.query(
      `ALTER TABLE bo_project ADD COLUMN when_full varchar(16) NOT NULL DEFAULT 'replace'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of ['when_full', 'max_sessions_per_client'])
      await queryRunner.query(`ALTER TABLE bo_project DROP COLUMN ${name}`);
  }
}
