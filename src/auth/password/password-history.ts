import type { SqlDatabase, SqlTransaction } from '../../database/sql-database.js';

interface UserKey {
  readonly ownerId: string;
  readonly userId: string;
}

const NEWEST = `
  SELECT password_hash FROM bo_password_history WHERE owner_id = $1 AND user_id = $2
  ORDER BY replaced_at DESC, password_hash`;

const ADD = `
  INSERT INTO bo_password_history (owner_id, user_id, password_hash, replaced_at) VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING`;

/** The limit is as large as any history; a smaller one in the project deletes the older entries with the next change. */
const TRIM = `
  DELETE FROM bo_password_history WHERE owner_id = $1 AND user_id = $2 AND password_hash NOT IN (
    SELECT password_hash FROM bo_password_history WHERE owner_id = $1 AND user_id = $2
    ORDER BY replaced_at DESC, password_hash LIMIT $3)`;

/** The hashes of a user's former passwords, the newest first, at most `limit`. */
export async function formerHashes(
  database: SqlDatabase,
  { ownerId, userId }: UserKey,
  limit: number,
): Promise<string[]> {
  if (limit <= 0) return [];
  const rows = await database.all<{ password_hash: string }>(`${NEWEST} LIMIT $3`, [ownerId, userId, limit]);
  return rows.map((row) => row.password_hash);
}

/** Records the hash of a password that is being replaced, and forgets all but the newest `limit`. */
export async function rememberHash(
  transaction: SqlTransaction,
  { ownerId, userId }: UserKey,
  passwordHash: string,
  now: number,
  limit: number,
): Promise<void> {
  if (limit <= 0) return;
  await transaction.all(ADD, [ownerId, userId, passwordHash, now]);
  await transaction.all(TRIM, [ownerId, userId, limit]);
}
