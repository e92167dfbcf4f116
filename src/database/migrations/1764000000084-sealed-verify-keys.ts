import type { MigrationInterface, QueryRunner } from 'typeorm';

const COLUMNS = ['verify_key', 'verify_previous_key'] as const;

/** A sealed verify key is longer than the key. Postgres changes only its catalogue; SQLite limits no text. */
export class SealedVerifyKeys1764000000084 implements MigrationInterface {
  up(queryRunner: QueryRunner): Promise<void> {
    return setLength(queryRunner, 2048);
  }

  down(queryRunner: QueryRunner): Promise<void> {
    return setLength(queryRunner, 256);
  }
}

async function setLength(queryRunner: QueryRunner, length: number): Promise<void> {
  if (queryRunner.connection.options.type !== 'postgres') return;
  for (const column of COLUMNS)
    await queryRunner.query(`ALTER TABLE bo_project ALTER COLUMN ${column} TYPE varchar(${length})`);
}
