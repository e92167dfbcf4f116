import type { SqlDatabase } from '../../database/sql-database.js';
import { CLOCK_SLACK_MS, LONGEST_TOKEN_MS } from '../last-token.js';
import { tokensEnd } from './write-revocations.js';

/**
 * The number at which a feed begins. Sessions that ended earlier get lower numbers, so that one that ends while the feed
 * is filled takes the next number without waiting.
 */
export const BEGINNING = 2 ** 40;

/**
 * Waits for all transactions that have ended sessions without finding the row of a feed, and makes others wait. Without
 * it, one that commits a moment later would be neither in the feed nor among the sessions that it begins with. All
 * projects share the table, so it must be held for no more than a moment.
 */
const LOCK = 'LOCK TABLE bo_revocation_head IN SHARE ROW EXCLUSIVE MODE';

const OPEN = `
  INSERT INTO bo_revocation_head (owner_id, seq) VALUES ($1, ${BEGINNING}) ON CONFLICT DO NOTHING`;

/** One process fills at a time. The lock is of its own, as the end of a session waits for that of the row. */
const FILL_ALONE = `SELECT pg_advisory_xact_lock(hashtext('bo_revocation_head'), hashtext($1))`;

const IS_UNFILLED = 'SELECT owner_id FROM bo_revocation_head WHERE owner_id = $1 AND filled_at IS NULL';

/** What ended after $2, in the order of its end. Its tokens expire by $3, and those of a session with the session. */
const FILL = `
  INSERT INTO bo_revocation (owner_id, seq, session_id, user_id, issued_before, expires_at)
  SELECT owner_id, row_number() OVER (ORDER BY at), session_id, user_id, issued_before, expires_at FROM (
    SELECT owner_id, ended_at AS at, id AS session_id, NULL AS user_id, NULL AS issued_before,
      CASE WHEN expires_at + ${CLOCK_SLACK_MS} < $3 THEN expires_at + ${CLOCK_SLACK_MS} ELSE $3 END AS expires_at
    FROM bo_auth_session WHERE owner_id = $1 AND status = 'ended' AND ended_at > $2
    UNION ALL
    SELECT owner_id, valid_after AS at, NULL AS session_id, user_id,
      valid_after - 1 - (valid_after - 1) % 1000 AS issued_before, $3 AS expires_at
    FROM bo_user WHERE owner_id = $1 AND valid_after > $2
  ) AS ended WHERE expires_at > $4`;

const FILLED = 'UPDATE bo_revocation_head SET filled_at = $2 WHERE owner_id = $1';

/**
 * Begins the feed of a project: from now on, whoever ends a session writes to it. Then adds what has ended before and
 * whose tokens may still be valid. Nobody reads the feed until this is done; if it fails, the next reader does it. An end
 * between the two steps has two entries.
 */
export async function openFeed(database: SqlDatabase, ownerId: string, now: number): Promise<void> {
  const isPostgres = database.kind === 'postgres';
  await database.transact(async (transaction) => {
    if (isPostgres) await transaction.all(LOCK, []);
    await transaction.all(OPEN, [ownerId]);
  });
  await database.transact(async (transaction) => {
    if (isPostgres) await transaction.all(FILL_ALONE, [ownerId]);
    const [unfilled] = await transaction.all(IS_UNFILLED, [ownerId]);
    if (unfilled === undefined) return;
    const { present, last } = await tokensEnd(transaction, ownerId, now);
    const longestLife = last > present ? LONGEST_TOKEN_MS : present - now;
    await transaction.all(FILL, [ownerId, now - longestLife, last, now]);
    await transaction.all(FILLED, [ownerId, now]);
  });
}
