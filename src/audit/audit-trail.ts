import type { SqlDatabase, SqlTransaction, SqlValue } from '../database/sql-database.js';
import type { AuthEvent, AuthEventKind, EventDetail } from './auth-event.js';

const INSERT = `
  INSERT INTO bo_auth_event (at, owner_id, user_id, session_id, kind, detail) VALUES ($1, $2, $3, $4, $5, $6)`;

/** Writes a line of the audit trail in the transaction of the change that it records. */
export async function writeEvent(transaction: SqlTransaction, event: AuthEvent): Promise<void> {
  await transaction.all(INSERT, [
    event.at,
    event.ownerId,
    event.userId,
    event.sessionId,
    event.kind,
    JSON.stringify(event.detail),
  ]);
}

/** A stored line of the audit trail. */
export interface RecordedEvent extends AuthEvent {
  /** Ascending in the order of writing. */
  readonly id: number;
}

/** Which lines to read; an absent field matches any. */
export interface EventFilter {
  readonly ownerId?: string | undefined;
  readonly userId?: string | undefined;
  readonly kind?: string | undefined;
  /** Only events at or after this time, ms since the epoch. */
  readonly since?: number | undefined;
  /** Only events before this time, ms since the epoch. */
  readonly until?: number | undefined;
  /** Only events with a lower id: the cursor of a page. */
  readonly before?: number | undefined;
}

interface EventRow {
  id: number | string;
  at: number | string;
  owner_id: string;
  user_id: string;
  session_id: string | null;
  kind: AuthEventKind;
  detail: string;
}

const CONDITIONS = [
  ['ownerId', 'owner_id ='],
  ['userId', 'user_id ='],
  ['kind', 'kind ='],
  ['since', 'at >='],
  ['until', 'at <'],
  ['before', 'id <'],
] as const;

/** Reads the newest events that match, at most `limit`, newest first. */
export async function readEvents(
  database: SqlDatabase,
  filter: EventFilter,
  limit: number,
): Promise<RecordedEvent[]> {
  const conditions: string[] = [];
  const values: SqlValue[] = [limit];
  for (const [name, condition] of CONDITIONS) {
    const value = filter[name];
    if (value === undefined) continue;
    values.push(value);
    conditions.push(`${condition} $${values.length}`);
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rows = await database.all<EventRow>(
    `SELECT * FROM bo_auth_event ${where} ORDER BY id DESC LIMIT $1`,
    values,
  );
  return rows.map((row) => ({
    id: Number(row.id),
    at: Number(row.at),
    ownerId: row.owner_id,
    userId: row.user_id,
    sessionId: row.session_id,
    kind: row.kind,
    detail: JSON.parse(row.detail) as EventDetail,
  }));
}

/** Ids ascend with time, so the oldest events are found without reading the table. */
const deleteOldest = (limit: number) => `
  DELETE FROM bo_auth_event WHERE id IN (
    SELECT id FROM (SELECT id, at FROM bo_auth_event ORDER BY id LIMIT ${Math.trunc(limit)}) AS oldest WHERE at < $1
  ) RETURNING id`;

/** Deletes those of the `limit` oldest events that are older than `before`. @returns how many */
export async function deleteEvents(database: SqlDatabase, before: number, limit: number): Promise<number> {
  const deleted = await database.transact((transaction) => transaction.all(deleteOldest(limit), [before]));
  return deleted.length;
}
