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
  /** Only events with a lower id: the cursor of a page, newest first. */
  readonly before?: number | undefined;
  /** Only events with a higher id: the cursor of a page, oldest first. */
  readonly after?: number | undefined;
}

/** A line as the database returns it. */
export interface EventRow {
  readonly id: number | string;
  readonly at: number | string;
  readonly owner_id: string;
  readonly user_id: string;
  readonly session_id: string | null;
  readonly kind: AuthEventKind;
  readonly detail: string;
}

const CONDITIONS = [
  ['ownerId', 'owner_id ='],
  ['userId', 'user_id ='],
  ['kind', 'kind ='],
  ['since', 'at >='],
  ['until', 'at <'],
  ['before', 'id <'],
  ['after', 'id >'],
] as const;

/** Reads the newest events that match, newest first, or the oldest ones, oldest first; at most `limit`. */
export async function readEvents(
  database: SqlDatabase,
  filter: EventFilter,
  limit: number,
  from: 'newest' | 'oldest' = 'newest',
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
    `SELECT * FROM bo_auth_event ${where} ORDER BY id ${from === 'newest' ? 'DESC' : 'ASC'} LIMIT $1`,
    values,
  );
  return rows.map((row) => ({
    id: Number(row.id),
    at: Number(row.at),
    ownerId: row.owner_id,
    userId: row.user_id,
    sessionId: row.session_id,
    kind: row.kind,
    detail: detailOf(row.detail) ?? { unreadable: row.detail },
  }));
}

/** @returns `null` for a text that is no JSON object: somebody has changed the row */
export function detailOf(text: string): EventDetail | null {
  try {
    const detail: unknown = JSON.parse(text);
    return typeof detail === 'object' && detail !== null ? (detail as EventDetail) : null;
  } catch {
    return null;
  }
}
