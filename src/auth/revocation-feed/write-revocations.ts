import type { SqlTransaction } from '../../database/sql-database.js';
import { CLOCK_SLACK_MS, lastTokenEnds } from '../last-token.js';

/** A session that ends, as the database returns it. */
export interface EndedSession {
  readonly id: string;
  readonly expires_at: number | string;
}

const TAKE_NUMBERS = 'UPDATE bo_revocation_head SET seq = seq + $2 WHERE owner_id = $1 RETURNING seq';

const INSERT = `
  INSERT INTO bo_revocation (owner_id, seq, session_id, user_id, issued_before, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6)`;

const LIFETIMES = 'SELECT access_token_seconds, former_tokens_until FROM bo_project WHERE owner_id = $1';

/**
 * Writes to the feed of a project which sessions end, and which user is logged out everywhere, in the transaction that
 * ends them. In a project whose feed nobody reads there is no row to take numbers from, and nothing is written.
 *
 * A reader that has read up to a number never misses a lower one: the row with the last number stays locked until the
 * commit, so a higher number is taken only after the commit of all lower ones (on SQLite, all writes are serialised
 * anyway). For the same reason this must be the last statement of the transaction that waits for a lock.
 */
export async function writeRevocations(
  transaction: SqlTransaction,
  ownerId: string,
  sessions: readonly EndedSession[],
  now: number,
  loggedOutUserId: string | null = null,
): Promise<void> {
  // Tokens of a session that expired some time ago have expired with it.
  const relevant = sessions.filter(({ expires_at }) => ofSession(expires_at) > now);
  const count = relevant.length + (loggedOutUserId === null ? 0 : 1);
  if (count === 0) return;
  const [head] = await transaction.all<{ seq: number | string }>(TAKE_NUMBERS, [ownerId, count]);
  if (head === undefined) return;
  // Read after the lock was taken, so that it is as recent as possible.
  const { last } = await tokensEnd(transaction, ownerId, now);
  let seq = Number(head.seq) - count;
  for (const { id, expires_at } of relevant)
    await transaction.all(INSERT, [ownerId, ++seq, id, null, null, Math.min(last, ofSession(expires_at))]);
  if (loggedOutUserId !== null)
    await transaction.all(INSERT, [ownerId, ++seq, null, loggedOutUserId, wholeSecond(now), last]);
}

/**
 * When the last token expires that was issued in the project until `now`: as its settings are (`present`), and including
 * tokens from before its lifetime of tokens was shortened (`last`).
 */
export async function tokensEnd(
  transaction: SqlTransaction,
  ownerId: string,
  now: number,
): Promise<{ readonly present: number; readonly last: number }> {
  const [project] = await transaction.all<{
    access_token_seconds: number;
    former_tokens_until: number | string | null;
  }>(LIFETIMES, [ownerId]);
  const present = lastTokenEnds(now, project?.access_token_seconds ?? 0);
  return { present, last: Math.max(present, Number(project?.former_tokens_until ?? 0)) };
}

/** No token outlives its session; the slack is for the clock of the service that verifies it. */
function ofSession(expiresAt: number | string): number {
  return Number(expiresAt) + CLOCK_SLACK_MS;
}

/**
 * Tokens say in whole seconds when they were issued. One that was issued in the second of the log-out may be of a later
 * login; if it is of an earlier one, the entry of its session revokes it.
 */
function wholeSecond(ms: number): number {
  return ms - (ms % 1000);
}
