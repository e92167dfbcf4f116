import { type MigrationInterface, type QueryRunner, Table, TableIndex } from 'typeorm';
import { addColumns, dropColumns } from '../columns.js';

const EVENTS = 'bo_auth_event';

/** Null until the line is sealed, as in lines of the previous release. */
const COLUMNS = {
  chain_seq: 'bigint',
  chain_mac: 'varchar(43)',
} as const;

const INDEXES = [
  {
    name: 'ux_bo_auth_event_chain',
    columnNames: ['chain_seq'],
    isUnique: true,
    where: 'chain_seq IS NOT NULL',
  },
  { name: 'ix_bo_auth_event_unsealed', columnNames: ['id'], where: 'chain_seq IS NULL' },
];

/** The hash chain over the audit trail: the place of each line in it, and one row about the chain as a whole. */
export class EventChain1764000000083 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'bo_event_chain',
        columns: [
          { name: 'id', type: 'varchar', length: '16', isPrimary: true },
          { name: 'sealed_key', type: 'varchar', length: '256' },
          { name: 'began_at', type: 'bigint' },
          { name: 'base_seq', type: 'bigint' },
          { name: 'anchor_seq', type: 'bigint' },
          { name: 'anchor_mac', type: 'varchar', length: '43' },
          { name: 'head_seq', type: 'bigint' },
          { name: 'head_mac', type: 'varchar', length: '43' },
          { name: 'deleted_broken', type: 'bigint' },
          { name: 'signature', type: 'varchar', length: '43' },
        ],
      }),
    );
    await addColumns(queryRunner, EVENTS, COLUMNS);
    for (const index of INDEXES) await queryRunner.createIndex(EVENTS, new TableIndex(index));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const { name } of INDEXES) await queryRunner.dropIndex(EVENTS, name);
    await dropColumns(queryRunner, EVENTS, COLUMNS);
    await queryRunner.dropTable('bo_event_chain');
  }
}
