import { type MigrationInterface, type QueryRunner, Table, type TableColumnOptions } from 'typeorm';

const text = (name: string, length: number, more: Partial<TableColumnOptions> = {}): TableColumnOptions => ({
  name,
  type: 'varchar',
  length: String(length),
  ...more,
});
const integer = (name: string, more: Partial<TableColumnOptions> = {}): TableColumnOptions => ({
  name,
  type: 'integer',
  ...more,
});
const time = (name: string, more: Partial<TableColumnOptions> = {}): TableColumnOptions => ({
  name,
  type: 'bigint',
  ...more,
});
const list = (name: string): TableColumnOptions => ({ name, type: 'text' });
const NULLABLE = { isNullable: true };
const KEY = { isPrimary: true };
const EMPTY = { default: "''" };

export class Tenancy1764000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'bo_project',
        columns: [
          text('owner_id', 64, KEY),
          text('name', 128),
          text('status', 16),
          text('status_mode', 16),
          text('time_zone', 64),
          integer('access_token_seconds'),
          text('refresh_policy', 16),
          integer('grace_seconds'),
          integer('idle_seconds', NULLABLE),
          integer('absolute_seconds'),
          text('lost_response', 16),
          integer('max_sessions', NULLABLE),
          text('verify_cipher', 16),
          text('verify_key', 256),
          text('verify_iv', 64, NULLABLE),
          text('verify_encoding', 16),
          integer('verify_skew_seconds'),
          { name: 'verify_stamp_required', type: 'boolean' },
          time('created_at'),
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'bo_system',
        columns: [text('owner_id', 64, KEY), text('sys_id', 64, KEY), text('name', 128)],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'bo_sys_area',
        columns: [text('area_code', 64, KEY), text('parent_code', 64, NULLABLE), text('name', 128)],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'bo_user',
        columns: [
          text('owner_id', 64, KEY),
          text('user_id', 64, KEY),
          text('user_name', 64),
          text('password_hash', 256),
          text('status', 16),
          time('valid_after'),
          text('client_id', 64),
          text('push_name', 128),
          ...['role_id', 'dep_id', 'area_code', 'job_id', 'sys_id', 'merge_user_id'].map(list),
          integer('developer'),
          ...['open_id', 'wb_id', 'wx_open_id', 'wx_union_id'].map((name) => text(name, 128, EMPTY)),
          text('telephone', 32, EMPTY),
          text('head_icon', 512, EMPTY),
          time('created_at'),
        ],
        indices: [{ name: 'ux_bo_user_name', columnNames: ['owner_id', 'user_name'], isUnique: true }],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['bo_user', 'bo_sys_area', 'bo_system', 'bo_project'])
      await queryRunner.dropTable(table);
  }
}
