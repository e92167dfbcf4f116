import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

/**
 * Sessions, one row each, and the audit trail.
 *
 * A refresh writes no indexed column, so on Postgres its update is a heap-only (HOT) one; `fillfactor` leaves room for
 * the new row version on the same page.
 */
export class Sessions1764000000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'bo_auth_session',
        columns: [
          { name: 'id', type: 'varchar', length: '16', isPrimary: true },
          { name: 'owner_id', type: 'varchar', length: '64' },
          { name: 'user_id', type: 'varchar', length: '64' },
          { name: 'client_id', type: 'varchar', length: '64' },
          { name: 'secret', type: 'varchar', length: '64' },
          { name: 'kid', type: 'varchar', length: '16' },
          { name: 'imported_token_hash', type: 'varchar', length: '64', isNullable: true },
          { name: 'generation', type: 'integer' },
          { name: 'branch', type: 'integer' },
          { name: 'token_seq', type: 'integer' },
          { name: 'rotated_at', type: 'bigint' },
          { name: 'created_at', type: 'bigint' },
          { name: 'idle_expires_at', type: 'bigint', isNullable: true },
          { name: 'expires_at', type: 'bigint' },
          { name: 'superseded', type: 'text' },
          { name: 'status', type: 'varchar', length: '16' },
          { name: 'end_reason', type: 'varchar', length: '32', isNullable: true },
          { name: 'ended_at', type: 'bigint', isNullable: true },
          { name: 'ip', type: 'varchar', length: '64' },
          { name: 'user_agent', type: 'varchar', length: '256' },
          { name: 'first_share_user_id', type: 'varchar', length: '64', isNullable: true },
          { name: 'second_share_user_id', type: 'varchar', length: '64', isNullable: true },
        ],
        indices: [
          { name: 'ix_bo_auth_session_user', columnNames: ['owner_id', 'user_id'] },
          { name: 'ix_bo_auth_session_expiry', columnNames: ['expires_at'] },
          {
            name: 'ux_bo_auth_session_imported',
            columnNames: ['owner_id', 'imported_token_hash'],
            isUnique: true,
            where: 'imported_token_hash IS NOT NULL',
          },
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'bo_auth_event',
        columns: [
          {
            name: 'id',
            type: queryRunner.connection.options.type === 'postgres' ? 'bigint' : 'integer',
            isPrimary: true,
            isGenerated: true,
            generationStrategy: 'increment',
          },
          { name: 'at', type: 'bigint' },
          { name: 'owner_id', type: 'varchar', length: '64' },
          { name: 'user_id', type: 'varchar', length: '64' },
          { name: 'session_id', type: 'varchar', length: '16', isNullable: true },
          { name: 'kind', type: 'varchar', length: '32' },
          { name: 'detail', type: 'text' },
        ],
        indices: [{ name: 'ix_bo_auth_event_owner', columnNames: ['owner_id', 'at'] }],
      }),
    );
    if (queryRunner.connection.options.type === 'postgres')
      await queryRunner.query('ALTER TABLE bo_auth_session SET (fillfactor = 70)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('bo_auth_event');
    await queryRunner.dropTable('bo_auth_session');
  }
}
