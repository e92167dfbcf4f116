import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ConfigError } from '../../config/config.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { pepperOf, SEALED_PREFIX, VerifyKeySeal } from './verify-key-seal.js';

const COLUMNS = ['verify_key', 'verify_previous_key'] as const;
const FIND = `SELECT owner_id, ${COLUMNS.join(', ')} FROM bo_project`;

type ProjectRow = Readonly<Record<(typeof COLUMNS)[number], string | null> & { owner_id: string }>;

/** One stored key, and where it stands. */
interface StoredKey {
  readonly column: (typeof COLUMNS)[number];
  readonly ownerId: string;
  readonly stored: string;
}

/**
 * Keeps the verify keys in the database sealed under the current pepper. Keys in the clear stay so until {@link sealAll}:
 * while a release is rolled out, processes of the one before still read them.
 */
@Injectable()
export class VerifyKeysAtRest implements OnApplicationBootstrap {
  constructor(
    private readonly database: SqlDatabase,
    private readonly seal: VerifyKeySeal,
  ) {}

  /** Fails the start if a pepper is wrong or was removed too early, rather than the first request. */
  async onApplicationBootstrap(): Promise<void> {
    for (const key of await this.all()) {
      if (this.seal.tryOpen(key.ownerId, key.stored) === null)
        throw new ConfigError(
          `TOKEN_PEPPER: does not open the verify key of the project ${key.ownerId}, ` +
            `sealed under the pepper ${JSON.stringify(pepperOf(key.stored))}`,
        );
      if (this.seal.isOutdated(key.stored)) await this.replace(key, this.sealed(key));
    }
  }

  /** Seals what is in the clear. The previous release cannot read it then. @returns how many keys */
  async sealAll(): Promise<number> {
    if (!this.seal.seals) throw new ConfigError('TOKEN_PEPPER: is not set: its default is published');
    const clear = (await this.all()).filter(({ stored }) => !stored.startsWith(SEALED_PREFIX));
    for (const key of clear) await this.replace(key, this.sealed(key));
    return clear.length;
  }

  /** The reverse of {@link sealAll}, before a return to the previous release. @returns how many keys */
  async unsealAll(): Promise<number> {
    const sealed = (await this.all()).filter(({ stored }) => stored.startsWith(SEALED_PREFIX));
    for (const key of sealed) await this.replace(key, this.seal.open(key.ownerId, key.stored));
    return sealed.length;
  }

  private async all(): Promise<StoredKey[]> {
    const rows = await this.database.all<ProjectRow>(FIND, []);
    return rows.flatMap((row) =>
      COLUMNS.flatMap((column) => {
        const stored = row[column];
        return stored === null ? [] : [{ column, ownerId: row.owner_id, stored }];
      }),
    );
  }

  private sealed({ ownerId, stored }: StoredKey): string {
    return this.seal.seal(ownerId, this.seal.open(ownerId, stored));
  }

  /** Unless the key was changed in the meantime. */
  private async replace({ column, ownerId, stored }: StoredKey, replacement: string): Promise<void> {
    const sql = `UPDATE bo_project SET ${column} = $1 WHERE owner_id = $2 AND ${column} = $3`;
    await this.database.transact((transaction) => transaction.all(sql, [replacement, ownerId, stored]));
  }
}
