import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addColumns, dropColumns } from '../columns.js';

const COLUMNS = {
  allowed_origins: 'text',
  refresh_token_in: `varchar(16) NOT NULL DEFAULT 'body'`,
  cookie_same_site: `varchar(16) NOT NULL DEFAULT 'strict'`,
} as const;

/**
 * The origins whose pages may read a project's responses, and whether its refresh tokens travel in a cookie. Few projects
 * have either; preflights ask for those alone.
 */
export class BrowserCallers1764000000061 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await addColumns(queryRunner, 'bo_project', COLUMNS);
    await queryRunner.query(
      `CREATE INDEX ix_bo_project_browser ON bo_project (owner_id)
       WHERE allowed_origins IS NOT NULL OR refresh_token_in = 'cookie'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX ix_bo_project_browser');
    await dropColumns(queryRunner, 'bo_project', COLUMNS);
  }
}
