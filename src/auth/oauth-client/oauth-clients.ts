import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { STALENESS_MS } from '../../cache/staleness.js';
import { TieredCache } from '../../cache/tiered-cache.js';
import { EntityTable } from '../../database/entity-table.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { OAuthClient } from './oauth-client.entity.js';

/** Finds the registered clients of a project. */
@Injectable()
export class OAuthClients {
  private readonly rows: EntityTable<OAuthClient>;

  constructor(
    @InjectRepository(OAuthClient) clients: Repository<OAuthClient>,
    private readonly database: SqlDatabase,
    private readonly cache: TieredCache,
  ) {
    this.rows = new EntityTable(clients, database);
  }

  async find(ownerId: string, clientId: string): Promise<OAuthClient | null> {
    const read = await this.cache.read(clientKey(ownerId, clientId), STALENESS_MS, () =>
      this.rows.find(ownerId, clientId),
    );
    return read?.value ?? null;
  }

  /**
   * Whether it is registered as a client whose sessions must be bound to a key. Reads one list for the whole project, so
   * that logins with names that are not registered cost no query each.
   */
  async requiresDpop(ownerId: string, clientId: string): Promise<boolean> {
    const read = await this.cache.read(dpopKey(ownerId), STALENESS_MS, () => this.dpopClients(ownerId));
    return read?.value.includes(clientId) ?? false;
  }

  private async dpopClients(ownerId: string): Promise<readonly string[]> {
    const rows = await this.database.all<{ client_id: string }>(
      `SELECT client_id FROM bo_client WHERE owner_id = $1 AND dpop = 'required'`,
      [ownerId],
    );
    return rows.map((row) => row.client_id);
  }

  /** Call after changing a client. */
  forget(ownerId: string, clientId: string): Promise<void> {
    return this.cache.drop(clientKey(ownerId, clientId), dpopKey(ownerId));
  }
}

/** An owner id cannot contain `/`, so the key is unique. */
function clientKey(ownerId: string, clientId: string): string {
  return `${ownerId}/client/${clientId}`;
}

function dpopKey(ownerId: string): string {
  return `${ownerId}/dpop-clients`;
}
