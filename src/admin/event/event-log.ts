import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { readEvents, type RecordedEvent } from '../../audit/audit-trail.js';
import type { AuthEvent, AuthEventKind } from '../../audit/auth-event.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { type Administrator, assertAdministers, assertPlatform } from '../administrator.js';
import { identifier } from '../field.js';
import { described } from '../field-text.js';
import { type Page, pageOf, pageShape, startOf } from '../page.js';

export const eventListSchema = z.object(
  described({
    ...pageShape,
    userId: identifier.optional(),
    kind: z
      .string()
      .regex(/^[a-z-]{1,32}$/, 'must be a kind of event, e.g. login')
      .optional(),
  }),
);
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
    { limit, cursor, userId, kind }: EventListRequest,
  ): Promise<Page<EventView>> {
    if (ownerId === null) assertPlatform(administrator);
    else assertAdministers(administrator, ownerId);
    const list = `events ${ownerId ?? ''}`;
    const before = startOf(list, { limit, cursor });
    const rows = await readEvents(
      this.database,
      { ownerId: ownerId ?? undefined, userId, kind, before: before === null ? undefined : Number(before) },
      limit + 1,
    );
    return pageOf(list, rows, limit, ({ id }) => String(id), eventView);
  }
}

function eventView({ id, at, ownerId, userId, sessionId, kind, detail }: RecordedEvent): EventView {
  return { id, at: new Date(at).toISOString(), ownerId, userId, sessionId, kind, detail };
}
