import { Injectable } from '@nestjs/common';
import { holdRow } from '../../database/hold-row.js';
import {
  columnsOf,
  selectList,
  type SharedSelect,
  SharedUpdate,
  SqlDatabase,
  type SqlTransaction,
  type SqlValue,
} from '../../database/sql-database.js';
import { writeEvent } from '../../audit/audit-trail.js';
import type { AuthEvent } from '../../audit/auth-event.js';
import type { EndReason, NewSession, SeenSession, Session, SessionChange } from './session.js';
import { endAllSessions, endOtherSessions, endSession, replaceOldest } from './session-endings.js';
import { ALIVE, SESSION_COLUMNS, sessionOf, type SessionRow, type StoredSession } from './session-row.js';
import {
  type Alongside,
  type Opening,
  type SessionLimits,
  type SessionPage,
  SessionStore,
} from './session.store.js';

const BY_ID: SharedSelect = {
  columns: {
    ...columnsOf(Object.values(SESSION_COLUMNS)),
    user_status: 'subject.status',
    valid_after: 'subject.valid_after',
    project_status: 'project.status',
  },
  from: 'bo_auth_session',
  joins: `
    JOIN bo_user AS subject ON subject.owner_id = target.owner_id AND subject.user_id = target.user_id
    JOIN bo_project AS project ON project.owner_id = target.owner_id`,
  by: ['id', 'owner_id'],
};

const FIND_IMPORTED = `SELECT id FROM bo_auth_session WHERE owner_id = $1 AND imported_token_hash = $2`;

const LIST = `SELECT ${selectList(BY_ID.columns)} FROM ${BY_ID.from} AS target ${BY_ID.joins} WHERE ${ALIVE}`;
const NEWEST_FIRST = 'ORDER BY target.created_at DESC, target.id';
const LIST_ALL = `${LIST} ${NEWEST_FIRST}`;
/** Those after session $5, which was created at $4. */
const LIST_PAGE = `
  ${LIST} AND (target.created_at < $4 OR (target.created_at = $4 AND target.id > $5)) ${NEWEST_FIRST} LIMIT $6`;
/** Comes before all sessions. */
const FIRST = { createdAt: Number.MAX_SAFE_INTEGER, id: '' };

const FIELDS = Object.keys(SESSION_COLUMNS) as (keyof StoredSession)[];

const INSERT = `
  INSERT INTO bo_auth_session (${Object.values(SESSION_COLUMNS).join(', ')})
  VALUES (${FIELDS.map((_, index) => `$${index + 1}`).join(', ')})`;

/** The sessions of user $1, $2 that are alive at $3: of all clients, or of client $4. */
const COUNT = `SELECT count(*) AS alive FROM bo_auth_session AS target WHERE ${ALIVE}`;
const COUNT_OF_CLIENT = `${COUNT} AND target.client_id = $4`;

/** The limit is part of the text: without knowing it, Postgres plans for a tenth of the table and reads all of it. */
const purge = (limit: number) => `
  DELETE FROM bo_auth_session WHERE id IN (
    SELECT id FROM bo_auth_session WHERE expires_at < $1 ORDER BY expires_at LIMIT ${Math.trunc(limit)}
  ) RETURNING id`;

const { id, ownerId, generation, branch, superseded, ...columns } = SESSION_COLUMNS;
const { tokenSeq, rotatedAt, idleExpiresAt, firstShareUserId, secondShareUserId } = columns;

const MOVE = new SharedUpdate<SeenSession, SessionChange>({
  table: 'bo_auth_session',
  // Generation and branch find a tip that has moved, but not a late replay: it notes in `superseded` that the parent's
  // successor was handed out once more. A rotation decided on an older copy would overwrite that note, and the client's
  // other tab, a moment after the window, would then look like a thief. `superseded` alone would find a moved tip too,
  // as it never returns to an earlier value; generation and branch are compared nonetheless, so that leaving each
  // generation only once does not depend on the contents of `superseded`.
  seen: { id, ownerId, generation, branch, superseded },
  next: {
    generation,
    branch,
    tokenSeq,
    rotatedAt,
    idleExpiresAt,
    superseded,
    firstShareUserId,
    secondShareUserId,
  },
  where: [
    `target.status = 'active'`,
    // The decision may rest on a copy: whether user and project are still enabled is judged here.
    `EXISTS (
      SELECT 1 FROM bo_user AS subject JOIN bo_project AS project ON project.owner_id = subject.owner_id
      WHERE subject.owner_id = target.owner_id AND subject.user_id = target.user_id
      AND subject.status = 'active' AND subject.valid_after <= target.created_at AND project.status = 'active')`,
  ],
});

interface UserRow {
  readonly status: string;
  readonly password_hash: string;
  readonly valid_after: number | string;
}

/** Sessions in SQLite or Postgres. */
@Injectable()
export class SqlSessionStore extends SessionStore {
  constructor(private readonly database: SqlDatabase) {
    super();
  }

  override open(
    session: NewSession,
    limits: SessionLimits,
    event: AuthEvent,
    alongside: Alongside | null = null,
    passwordHash?: string,
  ): Promise<Opening> {
    return this.database.transact(async (transaction): Promise<Opening> => {
      const { ownerId, userId, createdAt } = session;
      // Locked, so that two logins cannot both count to N, and no "log out everywhere" happens in between.
      const user = await holdRow<UserRow>(transaction, 'bo_user', { owner_id: ownerId, user_id: userId });
      if (user?.status !== 'active' || Number(user.valid_after) > createdAt) return { kind: 'user-changed' };
      if (passwordHash !== undefined && user.password_hash !== passwordHash) return { kind: 'user-changed' };
      if (limits.whenFull === 'refuse' && (await isFull(transaction, session, limits)))
        return { kind: 'full' };
      if (alongside !== null && !(await alongside(transaction))) return { kind: 'user-changed' };
      await transaction.all(INSERT, valuesOf(session));
      await writeEvent(transaction, event);
      return { kind: 'opened', replaced: await replaceOldest(transaction, session, limits, event) };
    });
  }

  override async find(ownerId: string, sessionId: string): Promise<Session | null> {
    const row = await this.database.find<SessionRow>(BY_ID, [sessionId, ownerId]);
    return row === null ? null : sessionOf(row);
  }

  override async findImported(ownerId: string, tokenHash: string): Promise<string | null> {
    const [row] = await this.database.all<{ id: string }>(FIND_IMPORTED, [ownerId, tokenHash]);
    return row?.id ?? null;
  }

  override move(seen: SeenSession, next: SessionChange, event: AuthEvent | null): Promise<boolean> {
    return this.database.compareAndSet(
      MOVE,
      seen,
      next,
      event === null ? null : (transaction) => writeEvent(transaction, event),
    );
  }

  override end(seen: SeenSession, reason: EndReason, now: number, event: AuthEvent | null): Promise<boolean> {
    return this.database.transact((transaction) => endSession(transaction, seen, reason, now, event));
  }

  override async list(
    ownerId: string,
    userId: string,
    now: number,
    page?: SessionPage,
  ): Promise<readonly Session[]> {
    const { createdAt, id } = page?.after ?? FIRST;
    const rows =
      page === undefined
        ? await this.database.all<SessionRow>(LIST_ALL, [ownerId, userId, now])
        : await this.database.all<SessionRow>(LIST_PAGE, [ownerId, userId, now, createdAt, id, page.limit]);
    return rows.map(sessionOf);
  }

  override endOthers(keep: Session, now: number, event: AuthEvent): Promise<readonly string[]> {
    return this.database.transact((transaction) => endOtherSessions(transaction, keep, now, event));
  }

  override endAll(
    ownerId: string,
    userId: string,
    reason: EndReason,
    now: number,
    event: AuthEvent,
  ): Promise<readonly string[]> {
    return this.database.transact((transaction) =>
      endAllSessions(transaction, { ownerId, userId }, reason, now, event),
    );
  }

  override async purge(before: number, limit: number): Promise<number> {
    const deleted = await this.database.transact((transaction) => transaction.all(purge(limit), [before]));
    return deleted.length;
  }
}

async function isFull(
  transaction: SqlTransaction,
  { ownerId, userId, clientId, createdAt }: NewSession,
  { perUser, perClient }: SessionLimits,
): Promise<boolean> {
  const count = async (sql: string, ...more: SqlValue[]) => {
    const [row] = await transaction.all<{ alive: number | string }>(sql, [
      ownerId,
      userId,
      createdAt,
      ...more,
    ]);
    return Number(row?.alive);
  };
  if (perUser !== null && (await count(COUNT)) >= perUser) return true;
  return perClient !== null && (await count(COUNT_OF_CLIENT, clientId)) >= perClient;
}

const IMPORT = `${INSERT} ON CONFLICT DO NOTHING RETURNING id`;

/**
 * Adds a session whose first token was issued elsewhere.
 *
 * @returns whether its token was new here
 */
export async function importSession(transaction: SqlTransaction, session: NewSession): Promise<boolean> {
  const [row] = await transaction.all(IMPORT, valuesOf(session));
  return row !== undefined;
}

function valuesOf(session: NewSession): SqlValue[] {
  const row: StoredSession = { ...session, status: 'active', endReason: null };
  return FIELDS.map((field) => {
    const value = row[field];
    // Both databases take 0 and 1 for a boolean.
    return typeof value === 'boolean' ? Number(value) : value;
  });
}
