import type { AuthEvent } from '../../audit/auth-event.js';
import { writeEvent } from '../../audit/audit-trail.js';
import { holdRow } from '../../database/hold-row.js';
import type { SqlTransaction, SqlValue } from '../../database/sql-database.js';
import { LONGEST_TOKEN_MS } from '../last-token.js';
import { MAX_GENERATION } from '../refresh-token/refresh-token.js';
import { type EndedSession, writeRevocations } from '../revocation-feed/write-revocations.js';
import type { EndReason, NewSession, SeenSession, Session } from './session.js';
import { IS_AWAKE, UNEXPIRED } from './session-row.js';
import type { SessionLimits } from './session.store.js';

/*
 * All statements that end sessions. Each is followed by `writeRevocations` in the same transaction, so that services which
 * verify access tokens themselves learn of it. For their sake, those for several sessions also end the ones that have
 * gone idle, as expired: the last access token of such a session may still be valid.
 */

/** What the feed of ended sessions needs. */
const RETURNING = 'RETURNING id, expires_at, end_reason';

/** The sessions of user $1, $2 that may have a valid access token at $3: those alive, and those idle for a short time. */
const HAS_TOKEN = `
  ${UNEXPIRED} AND (target.idle_expires_at IS NULL OR target.idle_expires_at + ${LONGEST_TOKEN_MS} > $3)`;

const endWith = (reason: string) => `
  UPDATE bo_auth_session AS target SET status = 'ended', ended_at = $3,
    end_reason = CASE WHEN ${IS_AWAKE} THEN ${reason} ELSE 'expired' END`;

/** Keeps the $5 newest, those alive before those gone idle, and always the one being opened, $4. */
const replace = (which: string) => `
  ${endWith("'evicted'")} WHERE target.id IN (
    SELECT target.id FROM bo_auth_session AS target WHERE ${HAS_TOKEN} ${which}
    ORDER BY CASE WHEN target.id = $4 THEN 0 WHEN ${IS_AWAKE} THEN 1 ELSE 2 END, target.created_at DESC, target.id
    LIMIT 1000000 OFFSET $5
  ) ${RETURNING}`;
const REPLACE = replace('');
const REPLACE_OF_CLIENT = replace('AND target.client_id = $6');

const END = `
  UPDATE bo_auth_session SET status = 'ended', end_reason = $1, ended_at = $2
  WHERE id = $3 AND owner_id = $4 AND status = 'active'`;

/** Checked again, as a rotation may have been committed since the session was read. */
const IS_EXPIRED = `(expires_at <= $2 OR idle_expires_at <= $2 OR generation = ${MAX_GENERATION})`;
const END_EXPIRED = `${END} AND ${IS_EXPIRED}`;
/** A late replay may have been noted since; the token is then only superseded, and not reused. */
const END_REUSED = `${END} AND generation = $5 AND branch = $6 AND superseded = $7`;

const END_OTHERS = `${endWith("'logged-out'")} WHERE ${HAS_TOKEN} AND target.id <> $4 ${RETURNING}`;

const END_ALL = `${endWith('$4')} WHERE ${HAS_TOKEN} ${RETURNING}`;

const NEWEST = `SELECT max(created_at) AS created_at FROM bo_auth_session WHERE owner_id = $1 AND user_id = $2`;

const SET_VALID_AFTER = `
  UPDATE bo_user SET valid_after = $1 WHERE owner_id = $2 AND user_id = $3 AND valid_after < $1`;

interface EndedOfUser extends EndedSession {
  readonly end_reason: EndReason;
}

interface UserKey {
  readonly ownerId: string;
  readonly userId: string;
}

/** Ends one session. @returns whether it was active, and as the reason requires */
export async function endSession(
  transaction: SqlTransaction,
  seen: SeenSession,
  reason: EndReason,
  now: number,
  event: AuthEvent | null,
): Promise<boolean> {
  const statement = reason === 'expired' ? END_EXPIRED : reason === 'reused' ? END_REUSED : END;
  const tip = reason === 'reused' ? [seen.generation, seen.branch, seen.superseded] : [];
  const values = [reason, now, seen.id, seen.ownerId, ...tip];
  const ended = await transaction.all<EndedSession>(`${statement} ${RETURNING}`, values);
  if (ended.length === 0) return false;
  if (event !== null) await writeEvent(transaction, event);
  await writeRevocations(transaction, seen.ownerId, ended, now);
  return true;
}

/** Ends the other sessions of a user. @returns the ids of those that were alive */
export async function endOtherSessions(
  transaction: SqlTransaction,
  keep: Session,
  now: number,
  event: AuthEvent,
): Promise<readonly string[]> {
  const { id, ownerId, userId } = keep;
  const ended = await transaction.all<EndedOfUser>(END_OTHERS, [ownerId, userId, now, id]);
  const alive = aliveOf(ended);
  if (alive.length > 0)
    await writeEvent(transaction, { ...event, detail: { ...event.detail, ended: alive.length } });
  await writeRevocations(transaction, ownerId, ended, now);
  return alive;
}

/** Ends the sessions that must give way to a new one. @returns the ids of those that were alive */
export async function replaceOldest(
  transaction: SqlTransaction,
  { id, ownerId, userId, clientId, createdAt }: NewSession,
  { perUser, perClient }: SessionLimits,
  event: AuthEvent,
): Promise<readonly string[]> {
  const replaced: EndedOfUser[] = [];
  const replace = async (sql: string, keep: number, ...more: SqlValue[]): Promise<void> => {
    const values = [ownerId, userId, createdAt, id, keep, ...more];
    replaced.push(...(await transaction.all<EndedOfUser>(sql, values)));
  };
  if (perClient !== null) await replace(REPLACE_OF_CLIENT, perClient, clientId);
  if (perUser !== null) await replace(REPLACE, perUser);
  const alive = aliveOf(replaced);
  for (const sessionId of alive) await writeEvent(transaction, { ...event, kind: 'evicted', sessionId });
  await writeRevocations(transaction, ownerId, replaced, createdAt);
  return alive;
}

/**
 * Ends all sessions of a user in the caller's transaction, which holds the user.
 *
 * @returns the ids of those that were alive
 */
export async function endAliveSessions(
  transaction: SqlTransaction,
  { ownerId, userId }: UserKey,
  reason: EndReason,
  now: number,
): Promise<readonly string[]> {
  const ended = await transaction.all<EndedOfUser>(END_ALL, [ownerId, userId, now, reason]);
  await writeRevocations(transaction, ownerId, ended, now);
  return aliveOf(ended);
}

/**
 * Ends all sessions of a user in the caller's transaction, and those that are about to be opened.
 *
 * @returns the ids of those that were alive
 */
export async function endAllSessions(
  transaction: SqlTransaction,
  { ownerId, userId }: UserKey,
  reason: EndReason,
  now: number,
  event: AuthEvent,
): Promise<readonly string[]> {
  // The user before the sessions, in the order in which a login locks them.
  await holdRow(transaction, 'bo_user', { owner_id: ownerId, user_id: userId });
  const ended = await transaction.all<EndedOfUser>(END_ALL, [ownerId, userId, now, reason]);
  const [newest] = await transaction.all<{ created_at: number | string | null }>(NEWEST, [ownerId, userId]);
  // Another process's clock may be ahead of ours. A login that is under way with the former password ends, too.
  const validAfter = Math.max(now, Number(newest?.created_at ?? 0)) + 1;
  await transaction.all(SET_VALID_AFTER, [validAfter, ownerId, userId]);
  const alive = aliveOf(ended);
  await writeEvent(transaction, { ...event, detail: { ...event.detail, ended: alive.length } });
  await writeRevocations(transaction, ownerId, ended, now, userId);
  return alive;
}

/** Those that had gone idle were over for their clients already. */
function aliveOf(ended: readonly EndedOfUser[]): readonly string[] {
  return ended.filter(({ end_reason }) => end_reason !== 'expired').map(({ id }) => id);
}
