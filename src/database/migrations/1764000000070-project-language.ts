import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addColumns, dropColumns } from '../columns.js';

const COLUMNS = {
  language: `varchar(8) NOT NULL DEFAULT 'en'`,
} as const;

/** The language of a project's error messages. */
export class ProjectLanguage1764000000070 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await addColumns(queryRunner, 'bo_project', COLUMNS);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropColumns(queryRunner, 'bo_project', COLUMNS);
  }
}
