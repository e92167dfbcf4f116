import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { readEvents, type RecordedEvent } from '../../audit/audit-trail.js';
import {
  administrationEvent,
  type AuthEvent,
  type AuthEventKind,
  EVENT_KINDS,
} from '../../audit/auth-event.js';
import type { Link } from '../../audit/chain-key.js';
import { type ChainReport, ChainVerification } from '../../audit/chain-verification.js';
import { BATCH, EventChain } from '../../audit/event-chain.js';
import { Clock } from '../../config/clock.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { type Administrator, assertAdministers, assertPlatform } from '../administrator.js';
import { choice, fields, identifier, parameters, time } from '../field.js';
import { type Page, pageOf, pageShape, startNumberOf } from '../../response/page.js';

const filterShape = {
  userId: identifier.optional(),
  kind: choice(EVENT_KINDS).optional(),
  /** Only events at or after this time. */
  since: time.optional(),
  /** Only events before this time. */
  until: time.optional(),
};

export const eventFilterSchema = fields(filterShape);
export type EventFilter = z.output<typeof eventFilterSchema>;

export const eventListSchema = parameters({ ...pageShape, ...filterShape });
export type EventListRequest = z.output<typeof eventListSchema>;

/** An event of the audit trail. */
export interface EventView {
  id: number;
  /** ISO 8601, UTC */
  at: string;
  /** Empty: the event concerns all projects. */
  ownerId: string;
  /** Empty: the event concerns no single user. */
  userId: string;
  sessionId: string | null;
  kind: AuthEventKind;
  detail: AuthEvent['detail'];
}

/** How many events an export holds in memory. */
const EXPORT_PAGE = 500;

/** Reads and verifies the audit trail. */
@Injectable()
export class EventLog {
  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    private readonly chain: EventChain,
  ) {}

  /** Newest first. @param ownerId `null`: all projects */
  async list(
    administrator: Administrator,
    ownerId: string | null,
    { limit, cursor, ...filter }: EventListRequest,
  ): Promise<Page<EventView>> {
    assertReads(administrator, ownerId);
    const list = `events ${ownerId ?? ''}`;
    const before = startNumberOf(list, { limit, cursor });
    const rows = await readEvents(
      this.database,
      { ...filter, ownerId: ownerId ?? undefined, before: before ?? undefined },
      limit + 1,
    );
    return pageOf(list, rows, limit, ({ id }) => String(id), eventView);
  }

  /** All events that match, oldest first, page by page. @param ownerId `null`: all projects */
  async *export(
    administrator: Administrator,
    ownerId: string | null,
    filter: EventFilter,
  ): AsyncGenerator<readonly EventView[]> {
    assertReads(administrator, ownerId);
    let after: number | undefined;
    do {
      const conditions = { ...filter, ownerId: ownerId ?? undefined, after };
      const rows = await readEvents(this.database, conditions, EXPORT_PAGE, 'oldest');
      if (rows.length > 0) yield rows.map(eventView);
      after = rows.length < EXPORT_PAGE ? undefined : rows.at(-1)?.id;
    } while (after !== undefined);
  }

  /** Seals what is not sealed yet, and verifies the whole chain. @param expected an earlier head; @throws ChainUnusable */
  async verify(administrator: Administrator, expected: Link | null): Promise<ChainReport> {
    assertPlatform(administrator);
    while ((await this.chain.seal()) === BATCH);
    return new ChainVerification(this.chain, this.database, expected).run();
  }

  /** Begins a new chain, for a key that is lost. @returns `false` if the present one is usable */
  async restartChain(administrator: Administrator): Promise<boolean> {
    assertPlatform(administrator);
    if (await this.chain.isUsable()) return false;
    await this.chain.restart(
      administrationEvent('event-chain-restarted', administrator, { ownerId: '' }, this.clock.now()),
    );
    return true;
  }
}

function assertReads(administrator: Administrator, ownerId: string | null): void {
  if (ownerId === null) assertPlatform(administrator);
  else assertAdministers(administrator, ownerId);
}

function eventView({ id, at, ownerId, userId, sessionId, kind, detail }: RecordedEvent): EventView {
  return { id, at: new Date(at).toISOString(), ownerId, userId, sessionId, kind, detail };
}
