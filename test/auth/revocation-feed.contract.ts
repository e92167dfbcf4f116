import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deleteUserRows } from '../../src/admin/user/user-rows.js';
import { CLOCK_SLACK_MS, lastTokenEnds } from '../../src/auth/last-token.js';
import { BEGINNING } from '../../src/auth/revocation-feed/open-feed.js';
import { PAGE, RevocationFeed } from '../../src/auth/revocation-feed/revocation-feed.js';
import type { NewSession, Session } from '../../src/auth/session/session.js';
import { type SessionStore, UNLIMITED } from '../../src/auth/session/session.store.js';
import { endAliveSessions, endSession } from '../../src/auth/session/session-endings.js';
import type { SqlDatabase } from '../../src/database/sql-database.js';
import { eventually } from '../support/temporary.js';
import { SAMPLE_EVENT, sampleSession, T } from './sample-session.js';
import { onSql, type StoreUnderTest } from './stores-under-test.js';

const USER = 'kim';
/** The projects of the stores under test have access tokens of one minute. */
const EXP = lastTokenEnds(T, 60) / 1000;

/** What the feed of ended sessions has to do in every database. */
export function revocationFeedContract(
  name: string,
  openDatabase: () => Promise<{ database: SqlDatabase; discard: () => Promise<void> }>,
): void {
  describe(`the revocation feed: ${name}`, () => {
    let database: SqlDatabase;
    let subject: StoreUnderTest;
    let store: SessionStore;
    let feed: RevocationFeed;
    let ownerId: string;

    beforeAll(async () => {
      const opened = await openDatabase();
      database = opened.database;
      subject = onSql(database, opened.discard);
      store = subject.store;
      feed = new RevocationFeed(database);
    }, 120_000);
    afterAll(() => subject?.close());

    beforeEach(async () => {
      ownerId = `p-${randomBytes(6).toString('hex')}`;
      await subject.addProject(ownerId);
      await subject.addUser(ownerId, USER);
    });

    const event = (session: Pick<NewSession, 'userId'>) => ({
      ...SAMPLE_EVENT,
      kind: 'login' as const,
      ownerId,
      userId: session.userId,
      sessionId: null,
    });
    const opened = async (change: Partial<NewSession> = {}): Promise<Session> => {
      const session = sampleSession({ ownerId, userId: USER, ...change });
      await store.open(session, UNLIMITED, event(session));
      return (await store.find(ownerId, session.id)) as Session;
    };
    const read = async (after = 0, now = T) => {
      const page = await feed.read(ownerId, after, now);
      return page ?? { seq: -1, ended: [], users: [] };
    };
    const end = (session: Session, now = T) => store.end(session, 'revoked', now, null);
    const inTransaction = <R>(work: Parameters<typeof database.transact<R>>[0]) => database.transact(work);
    const countOf = async () => {
      const rows = await database.all<{ n: number }>(
        'SELECT count(*) AS n FROM bo_revocation WHERE owner_id = $1',
        [ownerId],
      );
      return Number(rows[0]?.n);
    };

    it('writes nothing in a project whose feed nobody has read', async () => {
      await end(await opened());
      await store.endAll(ownerId, USER, 'logged-out', T, event({ userId: USER }));
      expect(await countOf()).toBe(0);
      expect(await feed.heads([ownerId])).toEqual(new Map());
    });

    it('begins with what has ended and whose tokens may still be valid', async () => {
      const now = await opened();
      const before = await opened();
      await opened();
      await end(now);
      await end(before, T - 60_000);
      await end(await opened({ createdAt: T - 3_600_000 }), T - 3_600_000);
      await store.endAll(ownerId, USER, 'logged-out', T - 60_000, event({ userId: USER }));
      const page = await read();
      const sids = page.ended.map(({ sid }) => sid);
      expect(sids).toContain(now.id);
      expect(sids).toContain(before.id);
      expect(sids).toHaveLength(3);
      expect(page.users.map(({ id }) => id)).toEqual([USER]);
      expect(page.seq).toBe(BEGINNING);
      expect(await read(BEGINNING)).toEqual({ seq: BEGINNING, ended: [], users: [] });
    });

    it('gives nobody a part of what it begins with, and lets the next reader complete what a crash cut short', async () => {
      const before = await opened();
      await end(before);
      const later = await opened();
      let stop!: () => void;
      const stopped = new Promise<never>((_, reject) => (stop = () => reject(new Error('stopped'))));
      let steps = 0;
      const crashing = new RevocationFeed(
        Object.assign(Object.create(database) as typeof database, {
          transact: ((work) =>
            steps++ === 0 ? database.transact(work) : stopped) as typeof database.transact,
        }),
      );
      const first = crashing.read(ownerId, 0, T);
      await eventually('begun', async () => (await feed.heads([ownerId])).size === 1);
      // Not held up, and not left out.
      await end(later);
      const sids = [before.id, later.id].toSorted();
      for (const page of await Promise.all([read(), read()])) {
        expect(page.seq).toBe(BEGINNING + 1);
        expect([...new Set(page.ended.map(({ sid }) => sid))].toSorted()).toEqual(sids);
      }
      stop();
      await expect(first).rejects.toThrow('stopped');
      expect(await countOf()).toBe(3);
    });

    describe('once it is read', () => {
      beforeEach(() => read());

      it.each<[string, (session: Session) => Promise<unknown>]>([
        ['revoked', (session) => end(session)],
        ['reused', (session) => store.end(session, 'reused', T, null)],
        ['gone idle', (session) => store.end(session, 'expired', session.idleExpiresAt ?? 0, null)],
        ['logged out by another', async (session) => store.endOthers(await opened(), T, event(session))],
        [
          'ended by a change of the password',
          (session) =>
            inTransaction((transaction) => endAliveSessions(transaction, session, 'password-changed', T)),
        ],
        [
          'replaced by a newer login',
          async (session) => {
            const newer = sampleSession({ ownerId, userId: USER, createdAt: T + 1 });
            await store.open(newer, { ...UNLIMITED, perUser: 1 }, event(session));
          },
        ],
        [
          'replaced by a newer login of its client',
          async (session) => {
            const newer = sampleSession({ ownerId, userId: USER, createdAt: T + 1 });
            await store.open(newer, { perUser: 1, perClient: 1, whenFull: 'replace' }, event(session));
          },
        ],
        [
          'deleted with its user',
          (session) =>
            inTransaction((transaction) => deleteUserRows(transaction, ownerId, session.userId, T)),
        ],
      ])('has one entry for a session that is %s', async (_, endIt) => {
        const session = await opened();
        await endIt(session);
        const page = await read();
        expect(page.ended.map(({ sid }) => sid)).toEqual([session.id]);
        expect(page).toMatchObject({ seq: BEGINNING + 1, users: [] });
        await end(session);
        expect((await read()).seq).toBe(BEGINNING + 1);
      });

      it.each<[string, (keep: Session) => Promise<readonly string[]>]>([
        ['logged out by another', (keep) => store.endOthers(keep, T, event(keep))],
        [
          'ended by a change of the password',
          (keep) =>
            inTransaction((transaction) => endAliveSessions(transaction, keep, 'password-changed', T)),
        ],
        [
          'replaced by a newer login',
          async (keep) => {
            const newer = sampleSession({ ownerId, userId: USER, createdAt: T });
            const opening = await store.open(newer, { ...UNLIMITED, perUser: 1 }, event(keep));
            return opening.kind === 'opened' ? opening.replaced : [];
          },
        ],
      ])('has an entry for a session that had gone idle when the others are %s', async (_, endIt) => {
        const [keep, idle] = [await opened(), await opened({ idleExpiresAt: T - 1 })];
        // No token of it is left.
        await opened({ idleExpiresAt: T - lastTokenEnds(0, 86_400) });
        const ended = await endIt(keep);
        expect(ended).not.toContain(idle.id);
        expect((await store.find(ownerId, idle.id))?.endReason).toBe('expired');
        const sids = (await read()).ended.map(({ sid }) => sid);
        expect(sids.toSorted()).toEqual([...ended, idle.id].toSorted());
      });

      it('has the sessions of a user who is logged out everywhere, and the user', async () => {
        const sids = [(await opened()).id, (await opened()).id].toSorted();
        await store.endAll(ownerId, USER, 'account-disabled', T + 999, event({ userId: USER }));
        const page = await read();
        expect(page.ended.map(({ sid }) => sid).toSorted()).toEqual(sids);
        expect(page.users).toEqual([{ id: USER, before: T }]);
        await store.endAll(ownerId, USER, 'account-disabled', T + 1000, event({ userId: USER }));
        expect((await read(page.seq)).users).toEqual([{ id: USER, before: T + 1000 }]);
      });

      it('keeps no id of a user who is deleted', async () => {
        // Its last token may outlive a session that has gone idle.
        const idle = await opened({ idleExpiresAt: T - 1 });
        await store.endAll(ownerId, USER, 'logged-out', T, event({ userId: USER }));
        await inTransaction((transaction) => deleteUserRows(transaction, ownerId, USER, T));
        const page = await read();
        expect(page.users).toEqual([]);
        expect(page.ended.map(({ sid }) => sid)).toEqual([idle.id]);
      });

      it('says until when the last token may be valid, and leaves out what needs no entry', async () => {
        await end(await opened());
        await end(await opened({ expiresAt: T + 1000, idleExpiresAt: null }));
        await end(await opened({ expiresAt: T - CLOCK_SLACK_MS, idleExpiresAt: null }));
        const page = await read();
        expect(page.ended.map(({ exp }) => exp)).toEqual([EXP, (T + 1000 + CLOCK_SLACK_MS) / 1000]);
        expect(page.seq).toBe(BEGINNING + 2);
        // As before the lifetime of the tokens was shortened.
        await inTransaction((transaction) =>
          transaction.all('UPDATE bo_project SET former_tokens_until = $2 WHERE owner_id = $1', [
            ownerId,
            T + 1_000_000,
          ]),
        );
        await end(await opened());
        expect((await read(BEGINNING + 2)).ended[0]?.exp).toBe((T + 1_000_000) / 1000);
      });

      it('forgets what no token can need, and does not read it again meanwhile', async () => {
        await end(await opened());
        await end(await opened(), T + 1000);
        const after = EXP * 1000;
        expect(await read(0, after)).toMatchObject({ seq: BEGINNING + 2, ended: [{ exp: EXP + 1 }] });
        const left = async () => (await feed.purge(after + 1, 1)) + (await feed.purge(after + 1, 100));
        expect(await left()).toBeGreaterThanOrEqual(1);
        expect(await countOf()).toBe(1);
        expect(await read(BEGINNING + 1)).toMatchObject({ seq: BEGINNING + 2, ended: [{ exp: EXP + 1 }] });
        expect((await feed.heads([ownerId, 'nobody'])).get(ownerId)).toBe(BEGINNING + 2);
      });

      it('refuses a number that it has not reached', async () => {
        await end(await opened());
        expect(await feed.read(ownerId, BEGINNING + 1, T)).not.toBeNull();
        expect(await feed.read(ownerId, BEGINNING + 2, T)).toBeNull();
      });

      it('is read page by page', async () => {
        const count = 2 * PAGE + 1;
        await inTransaction(async (transaction) => {
          await transaction.all(
            `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
             INSERT INTO bo_revocation (owner_id, seq, session_id, expires_at) SELECT $1, i, 's', $2 FROM n`,
            [ownerId, T + 1],
          );
          await transaction.all(`UPDATE bo_revocation_head SET seq = ${count} WHERE owner_id = $1`, [
            ownerId,
          ]);
        });
        const sizes: [number, number][] = [];
        for (let seq = 0; seq < count;) {
          const page = await read(seq);
          seq = page.seq;
          sizes.push([page.ended.length, seq]);
        }
        expect(sizes).toEqual([
          [PAGE, PAGE],
          [PAGE, 2 * PAGE],
          [1, count],
        ]);
      });
    });

    /** Ends a session in a transaction that stays open until `commit` is called. */
    const endingSlowly = (session: Session) => {
      let commit!: () => void;
      const until = new Promise<void>((resolve) => (commit = resolve));
      const done = inTransaction(async (transaction) => {
        await endSession(transaction, session, 'revoked', T, null);
        await until;
      });
      return { commit, done };
    };

    it.each(['before the feed is opened', 'afterwards'])(
      'misses no session whose end began first and was committed last, %s',
      async (when) => {
        const [first, second] = [await opened(), await opened()];
        const start = when === 'afterwards' ? (await read()).seq : 0;
        const slow = endingSlowly(first);
        const later = end(second);
        // Time enough for the other transaction, if it did not have to wait.
        const reader = sleep(100).then(() => read(start));
        await sleep(200);
        slow.commit();
        await Promise.all([slow.done, later]);
        const page = await reader;
        const rest = await read(page.seq);
        const seen = new Set([...page.ended, ...rest.ended].map(({ sid }) => sid));
        expect([...seen].toSorted()).toEqual([first.id, second.id].toSorted());
      },
    );

    it('misses nothing of what many end at once, for a reader that goes on reading', async () => {
      const sessions = await Promise.all(Array.from({ length: 80 }, () => opened()));
      const seen: string[] = [];
      let isEnding = true;
      const reader = (async () => {
        for (let seq = 0, isLast = false; !isLast;) {
          isLast = !isEnding;
          const page = await read(seq);
          seq = page.seq;
          seen.push(...page.ended.map(({ sid }) => sid));
        }
      })();
      await Promise.all(sessions.map((session) => end(session)));
      isEnding = false;
      await reader;
      // What ended while the feed was opened comes twice.
      expect([...new Set(seen)].toSorted()).toEqual(sessions.map(({ id }) => id).toSorted());
    });
  });
}
