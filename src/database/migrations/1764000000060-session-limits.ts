import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addColumns, dropColumns } from '../columns.js';

const COLUMNS = {
  max_sessions_per_client: 'integer',
  when_full: `varchar(16) NOT NULL DEFAULT 'replace'`,
} as const;

/** How many sessions a user may have per client, and what a login does when there are as many. */
export class SessionLimits1764000000060 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await addColumns(queryRunner, 'bo_project', COLUMNS);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropColumns(queryRunner, 'bo_project', COLUMNS);
  }
}
