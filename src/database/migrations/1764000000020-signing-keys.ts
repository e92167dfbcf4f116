import { type MigrationInterface, type QueryRunner, Table } from 'typeorm';

/** Asymmetric keys for signing access tokens; private keys are stored encrypted. */
export class SigningKeys1764000000020 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'bo_signing_key',
        columns: [
          { name: 'kid', type: 'varchar', length: '64', isPrimary: true },
          { name: 'owner_id', type: 'varchar', length: '64' },
          { name: 'algorithm', type: 'varchar', length: '16' },
          { name: 'public_jwk', type: 'text' },
          { name: 'private_key', type: 'text', isNullable: true },
          { name: 'status', type: 'varchar', length: '16' },
          { name: 'published_at', type: 'bigint' },
          { name: 'signing_at', type: 'bigint', isNullable: true },
          { name: 'needed_until', type: 'bigint', isNullable: true },
          { name: 'hs256_until', type: 'bigint', isNullable: true },
          { name: 'retired_at', type: 'bigint', isNullable: true },
        ],
        indices: [
          { name: 'ix_bo_signing_key_owner', columnNames: ['owner_id'] },
          {
            name: 'ux_bo_signing_key_signing',
            columnNames: ['owner_id'],
            isUnique: true,
            where: "status = 'signing'",
          },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('bo_signing_key');
  }
}
