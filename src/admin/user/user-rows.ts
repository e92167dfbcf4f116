import { type EndedSession, writeRevocations } from '../../auth/revocation-feed/write-revocations.js';
import type { SqlTransaction } from '../../database/sql-database.js';

/**
 * Where rows of a user are; the user itself is the last. The audit trail is not here: it keeps a pseudonym. Nor is
 * `bo_change`, which tells other processes of the deletion and forgets it after an hour.
 */
export const TABLES_WITH_USERS = [
  'bo_auth_session',
  'bo_second_factor',
  'bo_login_failure',
  'bo_usual_network',
  'bo_password_history',
  'bo_revocation',
  'bo_user',
] as const;

const SESSIONS = 'SELECT id, expires_at, status FROM bo_auth_session WHERE owner_id = $1 AND user_id = $2';

/** Deletes all rows of a user, and the user. @returns the ids of the sessions among them */
export async function deleteUserRows(
  transaction: SqlTransaction,
  ownerId: string,
  userId: string,
  now: number,
): Promise<string[]> {
  const sessions = await transaction.all<EndedSession & { status: string }>(SESSIONS, [ownerId, userId]);
  for (const table of TABLES_WITH_USERS)
    await transaction.all(`DELETE FROM ${table} WHERE owner_id = $1 AND user_id = $2`, [ownerId, userId]);
  // Each session by itself: the feed must not keep the id of the user.
  const ended = sessions.filter(({ status }) => status !== 'ended');
  await writeRevocations(transaction, ownerId, ended, now);
  return sessions.map(({ id }) => id);
}
