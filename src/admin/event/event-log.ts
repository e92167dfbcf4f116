import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { readEvents, type RecordedEvent } from '../../audit/audit-trail.js';
import { type AuthEvent, type AuthEventKind, EVENT_KINDS } from '../../audit/auth-event.js';
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

/** Reads the audit trail, newest first. */
@Injectable()
export class EventLog {
  constructor(private readonly database: SqlDatabase) {}

  /** @param ownerId `null`: all projects */
  async list(
    administrator: Administrator,
    ownerId: string | null,
    { limit, cursor, ...filter }: EventListRequest,
  ): Promise<Page<EventView>> {
    if (ownerId === null) assertPlatform(administrator);
    else assertAdministers(administrator, ownerId);
    const list = `events ${ownerId ?? ''}`;
    const before = startNumberOf(list, { limit, cursor });
    const rows = await readEvents(
      this.database,
      { ...filter, ownerId: ownerId ?? undefined, before: before ?? undefined },
      limit + 1,
    );
    return pageOf(list, rows, limit, ({ id }) => String(id), eventView);
  }
}

function eventView({ id, at, ownerId, userId, sessionId, kind, detail }: RecordedEvent): EventView {
  return { id, at: new Date(at).toISOString(), ownerId, userId, sessionId, kind, detail };
}
