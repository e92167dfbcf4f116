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
    database: SqlDatabase,
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

  /** Call after changing a client. */
  forget(ownerId: string, clientId: string): Promise<void> {
    return this.cache.drop(clientKey(ownerId, clientId));
  }
}

/** An owner id cannot contain `/`, so the key is unique. */
function clientKey(ownerId: string, clientId: string): string {
  return `${ownerId}/client/${clientId}`;
}
