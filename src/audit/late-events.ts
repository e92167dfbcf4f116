import type { SqlDatabase } from '../database/sql-database.js';
import { detailOf, type EventRow } from './audit-trail.js';
import type { ChainKey } from './chain-key.js';
import { withUserIds } from './user-id-fields.js';

/** How long after a deletion an event of the user may still be committed; far longer than any request takes. */
const LATE_MS = 3_600_000;

const DELETED = `SELECT user_id FROM bo_auth_event WHERE kind = 'user-deleted' AND at > $1`;
const FIND_USER = 'SELECT user_id FROM bo_user WHERE owner_id = $1 AND user_id = $2';

/** An event with pseudonyms instead of the ids of deleted users. */
export interface ErasedEvent {
  readonly id: number;
  readonly userId: string;
  readonly detail: string;
}

/**
 * Those events that name a user who was deleted while they were being written, such as a login that failed just then. The
 * deletion cannot see them, so they are found when they are sealed.
 */
export async function lateEvents(
  database: SqlDatabase,
  key: ChainKey,
  rows: readonly EventRow[],
  now: number,
): Promise<ErasedEvent[]> {
  const found = await database.all<{ user_id: string }>(DELETED, [now - LATE_MS]);
  if (found.length === 0) return [];
  const deleted = new Set(found.map(({ user_id }) => user_id));
  const late: ErasedEvent[] = [];
  for (const row of rows) {
    const detail = detailOf(row.detail);
    const replaced = new Map<string, string>();
    const note = (userId: string) => {
      const pseudonym = key.pseudonym(row.owner_id, userId);
      if (pseudonym !== userId && deleted.has(pseudonym)) replaced.set(userId, pseudonym);
      return userId;
    };
    note(row.user_id);
    if (detail !== null) withUserIds(detail, note);
    // Another user may have been given the same id since.
    for (const userId of replaced.keys())
      if ((await database.all(FIND_USER, [row.owner_id, userId])).length > 0) replaced.delete(userId);
    if (replaced.size === 0) continue;
    const erase = (userId: string) => replaced.get(userId) ?? userId;
    late.push({
      id: Number(row.id),
      userId: erase(row.user_id),
      detail: detail === null ? row.detail : JSON.stringify(withUserIds(detail, erase)),
    });
  }
  return late;
}
