import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';
import { addColumns, dropColumns } from '../columns.js';

const FEED = 'bo_revocation_head';
const ENTRIES = 'bo_revocation';
const OF_PROJECT = { former_tokens_until: 'bigint' } as const;

const DAY_MS = 86_400_000;

/** The feed of ended sessions for services that verify access tokens themselves. */
export class RevocationFeed1764000000089 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: FEED,
        columns: [
          { name: 'owner_id', type: 'varchar', length: '64', isPrimary: true },
          { name: 'seq', type: 'bigint' },
          { name: 'filled_at', type: 'bigint', isNullable: true },
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: ENTRIES,
        columns: [
          { name: 'owner_id', type: 'varchar', length: '64', isPrimary: true },
          { name: 'seq', type: 'bigint', isPrimary: true },
          { name: 'session_id', type: 'varchar', length: '16', isNullable: true },
          { name: 'user_id', type: 'varchar', length: '64', isNullable: true },
          { name: 'issued_before', type: 'bigint', isNullable: true },
          { name: 'expires_at', type: 'bigint' },
        ],
        indices: [
          { name: 'ix_bo_revocation_expiry', columnNames: ['expires_at'] },
          // Finds the entries of a user who is deleted.
          {
            name: 'ix_bo_revocation_user',
            columnNames: ['owner_id', 'user_id'],
            where: 'user_id IS NOT NULL',
          },
        ],
      }),
    );
    await addColumns(queryRunner, 'bo_project', OF_PROJECT);
    // The lifetime of their tokens may just have been shortened; none may have lived for more than a day.
    await queryRunner.query(`UPDATE bo_project SET former_tokens_until = ${Date.now() + DAY_MS}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await dropColumns(queryRunner, 'bo_project', OF_PROJECT);
    await queryRunner.dropTable(ENTRIES);
    await queryRunner.dropTable(FEED);
  }
}
