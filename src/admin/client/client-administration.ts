import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, type Repository } from 'typeorm';
import { writeEvent } from '../../audit/audit-trail.js';
import {
  administrationEvent,
  type AdministrationEventKind,
  type EventDetail,
} from '../../audit/auth-event.js';
import { clientSecretHash, newClientSecret } from '../../auth/oauth-client/client-secret.js';
import { GRANT_SCOPE, OAuthClient } from '../../auth/oauth-client/oauth-client.entity.js';
import { OAuthClients } from '../../auth/oauth-client/oauth-clients.js';
import { Clock } from '../../config/clock.js';
import { type EntityRow, EntityTable } from '../../database/entity-table.js';
import { holdRow } from '../../database/hold-row.js';
import { SqlDatabase, type SqlTransaction } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import { type Page, pageOf, type PageRequest, startOf } from '../../response/page.js';
import { type Administrator, assertAdministers, assertPlatform } from '../administrator.js';
import { ProjectAdministration } from '../project/project-administration.js';
import type { ClientChange, NewClient, SecretRotation } from './client-input.js';
import { clientView, type ClientView, type ClientViewWithSecret } from './client-view.js';

const FIND = `SELECT * FROM bo_client WHERE owner_id = $1 AND client_id = $2`;
const REMOVE = `DELETE FROM bo_client WHERE owner_id = $1 AND client_id = $2 RETURNING client_id`;

const FIND_USER = `SELECT user_id FROM bo_user WHERE owner_id = $1 AND user_id = $2`;

const DEFAULT_GRANTS = { public: ['refresh_token'], confidential: ['client_credentials'] } as const;

/** Registers the clients of a project's OAuth endpoints, and changes them. */
@Injectable()
export class ClientAdministration {
  private readonly rows: EntityTable<OAuthClient>;

  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    @InjectRepository(OAuthClient) private readonly clients: Repository<OAuthClient>,
    private readonly directory: OAuthClients,
    private readonly projects: ProjectAdministration,
  ) {
    this.rows = new EntityTable(clients, database);
  }

  /** @throws ADMIN_PROJECT_UNKNOWN */
  async list(administrator: Administrator, ownerId: string, page: PageRequest): Promise<Page<ClientView>> {
    await this.projects.show(administrator, ownerId);
    const after = startOf(`clients ${ownerId}`, page);
    const rows = await this.clients.find({
      where: { ownerId, ...(after !== null && { clientId: MoreThan(after) }) },
      order: { clientId: 'ASC' },
      take: page.limit + 1,
    });
    const now = this.clock.now();
    return pageOf(
      `clients ${ownerId}`,
      rows,
      page.limit,
      ({ clientId }) => clientId,
      (row) => clientView(row, now),
    );
  }

  /** @throws CLIENT_UNKNOWN */
  async show(administrator: Administrator, ownerId: string, clientId: string): Promise<ClientView> {
    assertAdministers(administrator, ownerId);
    const client = await this.clients.findOneBy({ ownerId, clientId });
    if (client === null) throw errors.CLIENT_UNKNOWN();
    return clientView(client, this.clock.now());
  }

  /**
   * @returns with the secret of a confidential client, which is shown only this once
   * @throws ADMIN_PROJECT_UNKNOWN, CLIENT_EXISTS, PARAMETER_INVALID
   */
  async add(
    administrator: Administrator,
    ownerId: string,
    { clientId, type, ...settings }: NewClient,
  ): Promise<ClientViewWithSecret> {
    assertAdministers(administrator, ownerId);
    const now = this.clock.now();
    const secret = type === 'confidential' ? newClientSecret() : null;
    const client: OAuthClient = {
      name: clientId,
      grants: [...DEFAULT_GRANTS[type]],
      scopes: [],
      dpop: 'optional',
      ...settings,
      ownerId,
      clientId,
      type,
      secretHash: secret === null ? null : clientSecretHash(secret),
      previousSecretHash: null,
      previousSecretUntil: null,
      createdAt: now,
    };
    assertCoherent(client);
    assertMayGive(administrator, client);
    const detail = {
      type,
      grants: client.grants.join(' '),
      scopes: client.scopes.join(' '),
      dpop: client.dpop,
    };
    const added = await this.holding(ownerId, async (transaction) => {
      if (type === 'confidential') await assertNoUser(transaction, ownerId, clientId);
      if (!(await this.rows.insert(transaction, client))) return false;
      await this.write(transaction, 'client-added', administrator, client, detail);
      return true;
    });
    if (!added) throw errors.CLIENT_EXISTS();
    await this.directory.forget(ownerId, clientId);
    return { ...clientView(client, now), ...(secret !== null && { clientSecret: secret }) };
  }

  /** @throws ADMIN_PROJECT_UNKNOWN, CLIENT_UNKNOWN, PARAMETER_INVALID */
  async change(
    administrator: Administrator,
    ownerId: string,
    clientId: string,
    changes: ClientChange,
  ): Promise<ClientView> {
    const client = await this.rewrite(
      administrator,
      { ownerId, clientId },
      'client-changed',
      (before) => ({ ...before, ...changes }),
      (before, after) =>
        Object.fromEntries(
          (Object.keys(changes) as (keyof ClientChange)[]).map((field) => [
            field,
            `${String(before[field])} → ${String(after[field])}`,
          ]),
        ),
    );
    return clientView(client, this.clock.now());
  }

  /**
   * Gives a confidential client a new secret. The former one stays valid for `overlapSeconds`.
   *
   * @returns with the new secret, which is shown only this once
   * @throws ADMIN_PROJECT_UNKNOWN, CLIENT_UNKNOWN, PARAMETER_INVALID
   */
  async rotateSecret(
    administrator: Administrator,
    ownerId: string,
    clientId: string,
    { overlapSeconds }: SecretRotation,
  ): Promise<ClientViewWithSecret> {
    const now = this.clock.now();
    const clientSecret = newClientSecret();
    const overlaps = overlapSeconds > 0;
    const client = await this.rewrite(
      administrator,
      { ownerId, clientId },
      'client-secret-rotated',
      (before) => {
        if (before.type === 'public')
          throw errors.PARAMETER_INVALID({
            field: 'clientId',
            text: 'clientId must name a confidential client',
          });
        return {
          ...before,
          secretHash: clientSecretHash(clientSecret),
          previousSecretHash: overlaps ? before.secretHash : null,
          previousSecretUntil: overlaps ? now + overlapSeconds * 1000 : null,
        };
      },
      () => ({ overlapSeconds }),
    );
    return { ...clientView(client, now), clientSecret };
  }

  /** The client can get no more tokens. Sessions that only it could refresh are left to expire. @throws CLIENT_UNKNOWN */
  async remove(administrator: Administrator, ownerId: string, clientId: string): Promise<{ removed: 1 }> {
    assertAdministers(administrator, ownerId);
    const removed = await this.holding(ownerId, async (transaction) => {
      const [row] = await transaction.all(REMOVE, [ownerId, clientId]);
      if (row !== undefined)
        await this.write(transaction, 'client-removed', administrator, { ownerId, clientId }, {});
      return row !== undefined;
    });
    if (!removed) throw errors.CLIENT_UNKNOWN();
    await this.directory.forget(ownerId, clientId);
    return { removed: 1 };
  }

  private async rewrite(
    administrator: Administrator,
    { ownerId, clientId }: Pick<OAuthClient, 'ownerId' | 'clientId'>,
    kind: AdministrationEventKind,
    changed: (before: OAuthClient) => OAuthClient,
    detail: (before: OAuthClient, after: OAuthClient) => EventDetail,
  ): Promise<OAuthClient> {
    assertAdministers(administrator, ownerId);
    const client = await this.holding(ownerId, async (transaction) => {
      const [row] = await transaction.all<EntityRow>(FIND, [ownerId, clientId]);
      if (row === undefined) return null;
      const before = this.rows.entityOf(row);
      assertMayGive(administrator, before);
      const after = changed(before);
      assertCoherent(after);
      assertMayGive(administrator, after);
      await this.rows.update(transaction, after);
      await this.write(transaction, kind, administrator, after, detail(before, after));
      return after;
    });
    if (client === null) throw errors.CLIENT_UNKNOWN();
    await this.directory.forget(ownerId, clientId);
    return client;
  }

  /** Holds the project, so that its clients change one at a time. @throws ADMIN_PROJECT_UNKNOWN */
  private holding<T>(ownerId: string, work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.database.transact(async (transaction) => {
      const project = await holdRow(transaction, 'bo_project', { owner_id: ownerId });
      if (project === null) throw errors.ADMIN_PROJECT_UNKNOWN();
      return work(transaction);
    });
  }

  private write(
    transaction: SqlTransaction,
    kind: AdministrationEventKind,
    administrator: Administrator,
    { ownerId, clientId }: Pick<OAuthClient, 'ownerId' | 'clientId'>,
    detail: EventDetail,
  ): Promise<void> {
    const event = administrationEvent(kind, administrator, { ownerId }, this.clock.now(), {
      clientId,
      ...detail,
    });
    return writeEvent(transaction, event);
  }
}

/** @see RFC 6749 §4.4: a public client cannot act for itself, since anybody can claim to be it */
function assertCoherent({ type, grants }: OAuthClient): void {
  if (type === 'public' && grants.includes('client_credentials'))
    throw errors.PARAMETER_INVALID({
      field: 'grants',
      text: 'grants must not contain client_credentials for a public client',
    });
}

/**
 * Whoever has the secret of a client with the scope `grant` can become any user. Only the operator makes and changes such
 * a client. @throws ADMIN_FORBIDDEN
 */
function assertMayGive(administrator: Administrator, { scopes }: OAuthClient): void {
  if (scopes.includes(GRANT_SCOPE)) assertPlatform(administrator);
}

/**
 * The `sub` of a service's token is its client id, and that of a user's token the user id. The project is held.
 *
 * @throws CLIENT_EXISTS
 * @see RFC 9068 §5
 */
async function assertNoUser(transaction: SqlTransaction, ownerId: string, clientId: string): Promise<void> {
  const [user] = await transaction.all(FIND_USER, [ownerId, clientId]);
  if (user !== undefined) throw errors.CLIENT_EXISTS({ text: 'A user of the project has this id.' });
}
