import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addColumns, dropColumns } from '../columns.js';

const COLUMNS = {
  dpop_jkt: 'varchar(43)',
  scope: 'varchar',
  client_authenticated: 'boolean NOT NULL DEFAULT false',
} as const;

/** What a session is bound to: a key (RFC 9449), a scope, an authenticated client. */
export class SessionTerms1764000000086 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await addColumns(queryRunner, 'bo_auth_session', COLUMNS);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropColumns(queryRunner, 'bo_auth_session', COLUMNS);
  }
}
