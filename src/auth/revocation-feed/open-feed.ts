import type { SqlDatabase, SqlTransaction } from '../../database/sql-database.js';
import { CLOCK_SLACK_MS, LONGEST_TOKEN_MS } from '../last-token.js';
import { tokensEnd } from './write-revocations.js';

/**
 * Waits for all transactions that have ended sessions without finding the row of a feed, and makes others wait. Without
 * it, one that commits a moment later would be neither in the feed nor among the sessions that it begins with.
 */
const LOCK = 'LOCK TABLE bo_revocation_head IN SHARE ROW EXCLUSIVE MODE';

const OPEN = `
  INSERT INTO bo_revocation_head (owner_id, seq) VALUES ($1, 0) ON CONFLICT DO NOTHING RETURNING owner_id`;

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

const COUNT = `
  UPDATE bo_revocation_head SET seq = (SELECT count(*) FROM bo_revocation WHERE owner_id = $1) WHERE owner_id = $1`;

/**
 * Begins the feed of a project, with what has ended and whose tokens may still be valid. Does nothing if it has begun. The
 * transaction must hold no lock that the end of a session waits for.
 */
export async function openFeed(
  transaction: SqlTransaction,
  kind: SqlDatabase['kind'],
  ownerId: string,
  now: number,
): Promise<void> {
  if (kind === 'postgres') await transaction.all(LOCK, []);
  const [opened] = await transaction.all(OPEN, [ownerId]);
  if (opened === undefined) return;
  const { present, last } = await tokensEnd(transaction, ownerId, now);
  const longestLife = last > present ? LONGEST_TOKEN_MS : present - now;
  await transaction.all(FILL, [ownerId, now - longestLife, last, now]);
  await transaction.all(COUNT, [ownerId]);
}
