import type { AuthEvent, AuthEventKind } from '../../src/audit/auth-event.js';
import { MAX_GENERATION } from '../../src/auth/refresh-token/refresh-token.js';
import type { NewSession, Session } from '../../src/auth/session/session.js';
import { StoreUnavailable } from '../../src/database/store-unavailable.js';
import { DAY, successor, T } from './sample-session.js';
import type { StoreUnderTest } from './stores-under-test.js';

/** The user of the sessions that the contract opens. */
export const USER = 'kim';

/** A store, and shorthands for the project of the current test. */
export interface Endings {
  readonly subject: () => StoreUnderTest;
  readonly owner: () => string;
  readonly opened: (change?: Partial<NewSession>) => Promise<Session>;
  readonly found: (id: string) => Promise<Session>;
  readonly event: (kind: AuthEventKind, sessionId?: string | null) => AuthEvent;
  /** An event that no store can write. */
  readonly impossible: () => AuthEvent;
  readonly kinds: () => Promise<AuthEventKind[]>;
}

/** The part of the contract of a session store that says how sessions end and which are left. */
export function endingsContract({ subject, owner, opened, found, event, impossible, kinds }: Endings): void {
  const store = () => subject().store;

  describe('end', () => {
    it('ends once, and tells once', async () => {
      const session = await opened();
      const ends = await Promise.all(
        [1, 2, 3, 4].map(() => store().end(session, 'reused', T, event('reused', session.id))),
      );
      expect(ends.filter(Boolean)).toHaveLength(1);
      expect((await found(session.id)).status).toBe('ended');
      expect(await kinds()).toEqual(['login', 'reused']);
    });

    it('ends nothing as expired that has been renewed meanwhile', async () => {
      for (const idleExpiresAt of [T + DAY, null]) {
        const session = await opened({ idleExpiresAt });
        expect(await store().end(session, 'expired', T + DAY - 1, null)).toBe(false);
        expect((await found(session.id)).status).toBe('active');
        expect(await store().end(session, 'expired', session.idleExpiresAt ?? session.expiresAt, null)).toBe(
          true,
        );
        expect((await found(session.id)).status).toBe('ended');
      }
    });

    it('ends nothing as reused that another refresh has changed meanwhile', async () => {
      for (const change of [
        (session: Session) => successor(session),
        (session: Session) => ({ ...session, branch: session.branch + 1 }),
        (session: Session) => ({ ...session, superseded: `[[0,0,${T + 7_500}]]` }),
      ]) {
        const session = await opened({ generation: 1, superseded: `[[0,0,${T}]]` });
        expect(await store().move(session, change(session), null)).toBe(true);
        expect(await store().end(session, 'reused', T, event('reused', session.id))).toBe(false);
        const now = await found(session.id);
        expect(now.status).toBe('active');
        expect(await store().end(now, 'reused', T, null)).toBe(true);
      }
    });

    it('ends as expired what has no generation left', async () => {
      const session = await opened({ generation: MAX_GENERATION });
      expect(await store().end(session, 'expired', T, null)).toBe(true);
    });

    it('ends nothing of another project, and nothing unknown', async () => {
      const session = await opened();
      expect(await store().end({ ...session, ownerId: 'another' }, 'revoked', T, null)).toBe(false);
      expect(await store().end({ ...session, id: 'ffffffffffffffff' }, 'revoked', T, null)).toBe(false);
      expect((await found(session.id)).status).toBe('active');
    });

    it('either moves or ends where both are asked at once, and stays ended', async () => {
      for (let round = 0; round < 5; round++) {
        const session = await opened();
        await Promise.all([
          store().move(session, successor(session), null),
          store().end(session, 'revoked', T, null),
        ]);
        const after = await found(session.id);
        expect(after.status).toBe('ended');
        expect(await store().move(after, successor(after), null)).toBe(false);
      }
    });

    it('ends nothing where its event cannot be written', async () => {
      const session = await opened();
      await expect(store().end(session, 'revoked', T, impossible())).rejects.toThrow(StoreUnavailable);
      expect((await found(session.id)).status).toBe('active');
    });
  });

  describe('list', () => {
    it('gives the living of one user, newest first', async () => {
      await subject().addUser(owner(), 'lee');
      const first = await opened({ createdAt: T - 2 });
      const second = await opened({ createdAt: T - 1 });
      await opened({ userId: 'lee' });
      await opened({ expiresAt: T });
      await opened({ idleExpiresAt: T });
      await store().end(await opened(), 'revoked', T, null);
      const third = await opened({ idleExpiresAt: null });
      const listed = await store().list(owner(), USER, T);
      expect(listed.map(({ id }) => id)).toEqual([third.id, second.id, first.id]);
      expect(listed[2]).toEqual(first);
    });

    it('gives it page by page, also where sessions were created at the same time', async () => {
      for (const createdAt of [T - 1, T, T - 1, T - 1]) await opened({ createdAt });
      const all = await store().list(owner(), USER, T);
      const paged = [];
      for (let after = null; ;) {
        const page: readonly Session[] = await store().list(owner(), USER, T, { limit: 2, after });
        expect(page.length).toBeLessThanOrEqual(2);
        if (page.length === 0) break;
        paged.push(...page);
        after = page.at(-1) ?? null;
      }
      expect(paged).toEqual(all);
      expect(all).toHaveLength(4);
    });
  });

  describe('endOthers', () => {
    it('ends the living others of the user, and says which', async () => {
      await subject().addUser(owner(), 'lee');
      const keep = await opened();
      const others = [await opened(), await opened()];
      const dead = await opened({ expiresAt: T - 1 });
      const lee = await opened({ userId: 'lee' });
      const ended = await store().endOthers(keep, T, event('logged-out', keep.id));
      expect([...ended].sort()).toEqual(others.map(({ id }) => id).sort());
      expect((await found(dead.id)).status).toBe('active');
      expect((await found(lee.id)).status).toBe('active');
      expect(await store().list(owner(), USER, T)).toEqual([keep]);
      expect(await store().endOthers(keep, T, event('logged-out', keep.id))).toEqual([]);
      expect((await kinds()).filter((kind) => kind === 'logged-out')).toHaveLength(1);
    });
  });

  describe('endAll', () => {
    it('ends all that was opened until then, and nothing that is opened after', async () => {
      const all = [await opened(), await opened({ createdAt: T - 5 }), await opened({ expiresAt: T - 1 })];
      const ended = await store().endAll(owner(), USER, 'password-changed', T, event('logged-out'));
      expect([...ended].sort()).toEqual(
        all
          .slice(0, 2)
          .map(({ id }) => id)
          .sort(),
      );
      expect((await found(ended[0] as string)).endReason).toBe('password-changed');
      // The first reason stays.
      await store().endAll(owner(), USER, 'administrator', T, event('logged-out'));
      expect((await found(ended[0] as string)).endReason).toBe('password-changed');
      expect(await store().list(owner(), USER, T)).toEqual([]);
      const { validAfter } = (await found(all[0]?.id as string)).subject;
      expect(validAfter).toBeGreaterThan(T);
      const after = await opened({ createdAt: validAfter });
      expect(await store().list(owner(), USER, validAfter)).toEqual([after]);
      expect(await store().move(after, successor(after), null)).toBe(true);
    });

    it('ends what a clock that runs ahead has opened, and never moves back', async () => {
      await opened({ createdAt: T + 60_000, rotatedAt: T + 60_000 });
      expect(await store().endAll(owner(), USER, 'logged-out', T, event('logged-out'))).toHaveLength(1);
      expect(await store().list(owner(), USER, T + 60_000)).toEqual([]);
      await store().endAll(owner(), USER, 'logged-out', T - DAY, event('logged-out'));
      expect(await store().list(owner(), USER, T + 60_000)).toEqual([]);
    });

    it('leaves other users and projects alone', async () => {
      await subject().addUser(owner(), 'lee');
      const lee = await opened({ userId: 'lee' });
      await store().endAll(owner(), USER, 'logged-out', T, event('logged-out'));
      expect(await store().list(owner(), 'lee', T)).toEqual([lee]);
    });
  });

  describe('purge', () => {
    it('deletes what expired before, in bounded batches, oldest first', async () => {
      // Long before all the others of this suite.
      const at = T - 1000 * DAY;
      const old = [];
      for (const age of [3, 1, 2]) old.push(await opened({ expiresAt: at - age }));
      const stays = await opened({ expiresAt: at });
      expect(await store().purge(at, 2)).toBe(2);
      expect(
        await Promise.all(old.map(async ({ id }) => (await store().find(owner(), id)) !== null)),
      ).toEqual([false, true, false]);
      expect(await store().purge(at, 2)).toBe(1);
      expect(await store().purge(at, 2)).toBe(0);
      expect(await store().find(owner(), stays.id)).not.toBeNull();
    });

    it('shares the work among many who purge at once', async () => {
      const at = T - 2000 * DAY;
      for (let index = 0; index < 12; index++) await opened({ expiresAt: at - index - 1 });
      const deleted = await Promise.all([1, 2, 3].map(() => store().purge(at, 100)));
      expect(deleted.reduce((sum, count) => sum + count)).toBe(12);
    });
  });
}
