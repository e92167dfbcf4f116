import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addColumns, dropColumns } from '../columns.js';

const OF_PROJECT = {
  issuer: `varchar(8) NOT NULL DEFAULT 'fixed'`,
  audience: `varchar(256) NOT NULL DEFAULT 'api'`,
  former_audience: 'varchar(256)',
  introspection: `varchar(8) NOT NULL DEFAULT 'open'`,
  dpop_nonce: `varchar(8) NOT NULL DEFAULT 'off'`,
} as const;

/** What access tokens say of their issuer and audience, who may introspect them, and nonces for DPoP. */
export class OAuthSettings1764000000087 implements MigrationInterface {
  up(queryRunner: QueryRunner): Promise<void> {
    return addColumns(queryRunner, 'bo_project', OF_PROJECT);
  }

  down(queryRunner: QueryRunner): Promise<void> {
    return dropColumns(queryRunner, 'bo_project', OF_PROJECT);
  }
}
