import { type MigrationInterface, type QueryRunner, TableIndex } from 'typeorm';

const TABLE = 'bo_auth_event';

const INDEXES = [
  { name: 'ix_bo_auth_event_owner_newest', columnNames: ['owner_id', 'id'] },
  { name: 'ix_bo_auth_event_user', columnNames: ['owner_id', 'user_id', 'id'] },
  { name: 'ix_bo_auth_event_kind', columnNames: ['kind', 'owner_id', 'id'] },
];
const BEFORE = { name: 'ix_bo_auth_event_owner', columnNames: ['owner_id', 'at'] };

/** The audit trail is read newest first by id, so the index for each filter ends in `id`. */
export class EventIndexes1764000000030 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const index of INDEXES) await queryRunner.createIndex(TABLE, new TableIndex(index));
    await queryRunner.dropIndex(TABLE, BEFORE.name);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createIndex(TABLE, new TableIndex(BEFORE));
    for (const { name } of INDEXES) await queryRunner.dropIndex(TABLE, name);
  }
}
