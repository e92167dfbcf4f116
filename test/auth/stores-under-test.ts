import type { AuthEventKind } from '../../src/audit/auth-event.js';
import { SqlSessionStore } from '../../src/auth/session/sql-session.store.js';
import type { SqlDatabase } from '../../src/database/sql-database.js';
import { MemorySessionStore } from '../support/memory-session.store.js';
import type { RedisServer } from '../support/redis.js';
import { TieredSessionStore } from '../support/tiered-session.store.js';
import type { SessionStore } from '../../src/auth/session/session.store.js';

/** A store with the rows that it needs but does not manage: projects and users. */
export interface StoreUnderTest {
  readonly store: SessionStore;
  addProject(ownerId: string): Promise<void>;
  addUser(ownerId: string, userId: string): Promise<void>;
  setProject(ownerId: string, active: boolean): Promise<void>;
  setUser(ownerId: string, userId: string, active: boolean): Promise<void>;
  events(ownerId: string): Promise<{ kind: AuthEventKind; sessionId: string | null }[]>;
  close(): Promise<void>;
}

const PROJECT = `
  INSERT INTO bo_project (owner_id, name, status, status_mode, time_zone, access_token_seconds, refresh_policy,
    grace_seconds, absolute_seconds, lost_response, verify_cipher, verify_key, verify_encoding, verify_skew_seconds,
    verify_stamp_required, created_at)
  VALUES ($1, $1, 'active', 'http', 'UTC', 60, 'rotate', 60, 60, 'reissue', 'des-ecb', 'key', 'base64', 300, $2, 0)`;

const USER = `
  INSERT INTO bo_user (owner_id, user_id, user_name, password_hash, status, valid_after, client_id, push_name, role_id,
    dep_id, area_code, job_id, sys_id, merge_user_id, developer, created_at)
  VALUES ($1, $2, $2, '', 'active', 0, '', '', '[]', '[]', '[]', '[]', '[]', '[]', 0, 0)`;

export function onSql(database: SqlDatabase, close: () => Promise<void>): StoreUnderTest {
  const write = async (sql: string, ...values: (string | number)[]): Promise<void> => {
    await database.transact((transaction) => transaction.all(sql, values));
  };
  const status = (active: boolean) => (active ? 'active' : 'disabled');
  return {
    store: new SqlSessionStore(database),
    addProject: (ownerId) => write(PROJECT, ownerId, database.kind === 'postgres' ? 'false' : 0),
    addUser: (ownerId, userId) => write(USER, ownerId, userId),
    setProject: (ownerId, active) =>
      write('UPDATE bo_project SET status = $2 WHERE owner_id = $1', ownerId, status(active)),
    setUser: (ownerId, userId, active) =>
      write(
        'UPDATE bo_user SET status = $3 WHERE owner_id = $1 AND user_id = $2',
        ownerId,
        userId,
        status(active),
      ),
    events: async (ownerId) => {
      const rows = await database.all<{ kind: AuthEventKind; session_id: string | null }>(
        'SELECT kind, session_id FROM bo_auth_event WHERE owner_id = $1 ORDER BY id',
        [ownerId],
      );
      return rows.map(({ kind, session_id }) => ({ kind, sessionId: session_id }));
    },
    close: async () => {
      await database.close();
      await close();
    },
  };
}

export function inMemory(): StoreUnderTest {
  const store = new MemorySessionStore();
  return {
    store,
    addProject: async (ownerId) => store.addProject(ownerId),
    addUser: async (ownerId, userId) => store.addUser(ownerId, userId),
    setProject: async (ownerId, active) => store.setProject(ownerId, active),
    setUser: async (ownerId, userId, active) => store.setUser(ownerId, userId, active),
    events: async (ownerId) =>
      store.events
        .filter((event) => event.ownerId === ownerId)
        .map(({ kind, sessionId }) => ({ kind, sessionId })),
    close: async () => undefined,
  };
}

/** The plainest store with one of the tiers in front. */
export async function behind(redis: RedisServer | null): Promise<StoreUnderTest> {
  const plain = inMemory();
  const store = await TieredSessionStore.before(plain.store, redis?.url ?? null);
  return {
    ...plain,
    store,
    setProject: async (ownerId, active) => {
      await plain.setProject(ownerId, active);
      await store.forgetAll(ownerId);
    },
    setUser: async (ownerId, userId, active) => {
      await plain.setUser(ownerId, userId, active);
      await store.forgetAll(ownerId);
    },
    close: async () => {
      await store.close();
      await redis?.stop();
      // Otherwise the store was tested, not the tier.
      expect(store.answeredByTier).toBeGreaterThan(30);
    },
  };
}
