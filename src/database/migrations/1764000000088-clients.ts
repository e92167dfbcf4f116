import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

const CLIENTS = 'bo_client';

/** The clients of the OAuth endpoints. */
export class Clients1764000000088 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: CLIENTS,
        columns: [
          { name: 'owner_id', type: 'varchar', length: '64', isPrimary: true },
          { name: 'client_id', type: 'varchar', length: '64', isPrimary: true },
          { name: 'name', type: 'varchar', length: '128' },
          { name: 'type', type: 'varchar', length: '16' },
          { name: 'grants', type: 'text' },
          { name: 'scopes', type: 'text' },
          { name: 'dpop', type: 'varchar', length: '16' },
          { name: 'secret_hash', type: 'varchar', length: '64', isNullable: true },
          { name: 'previous_secret_hash', type: 'varchar', length: '64', isNullable: true },
          { name: 'previous_secret_until', type: 'bigint', isNullable: true },
          { name: 'created_at', type: 'bigint' },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable(CLIENTS);
  }
}
