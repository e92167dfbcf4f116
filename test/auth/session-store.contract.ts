import { randomBytes } from 'node:crypto';
import type { AuthEvent, AuthEventKind } from '../../src/audit/auth-event.js';
import type { NewSession, Session, SessionChange } from '../../src/auth/session/session.js';
import { MAX_GENERATION } from '../../src/auth/refresh-token/refresh-token.js';
import {
  type Opening,
  type SessionLimits,
  type SessionStore,
  UNLIMITED,
} from '../../src/auth/session/session.store.js';
import { parseSuperseded, writeSuperseded } from '../../src/auth/session/superseded-text.js';
import { StoreUnavailable } from '../../src/database/store-unavailable.js';

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

const T = 1_800_000_000_000;
const DAY = 86_400_000;
const OPENED: Opening = { kind: 'opened', replaced: [] };

const atMost = (perUser: number | null): SessionLimits => ({ ...UNLIMITED, perUser });

/** What every store of sessions has to do, whatever it is made of. */
export function sessionStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the session store: ${name}`, () => {
    let subject: StoreUnderTest;
    let store: SessionStore;
    let ownerId: string;
    let userId: string;
    let sessions = 0;

    beforeAll(async () => {
      subject = await open();
      ({ store } = subject);
    }, 120_000);
    afterAll(() => subject?.close());

    beforeEach(async () => {
      ownerId = `p-${randomBytes(6).toString('hex')}`;
      userId = 'kim';
      await subject.addProject(ownerId);
      await subject.addUser(ownerId, userId);
    });

    const newSession = (change: Partial<NewSession> = {}): NewSession => ({
      id: (++sessions).toString(16).padStart(8, '0') + randomBytes(4).toString('hex'),
      ownerId,
      userId,
      clientId: '客户端',
      secret: randomBytes(32).toString('base64url'),
      pepperId: 'default',
      importedTokenHash: null,
      generation: 0,
      branch: 0,
      tokenSeq: 1,
      rotatedAt: T,
      createdAt: T,
      idleExpiresAt: T + DAY,
      expiresAt: T + 14 * DAY,
      superseded: '[]',
      ip: '2001:db8::1',
      userAgent: `"quoted" 'agent'; -- 😀`,
      firstShareUserId: null,
      secondShareUserId: null,
      ...change,
    });

    const event = (kind: AuthEventKind, sessionId: string | null = null): AuthEvent => ({
      kind,
      at: T,
      ownerId,
      userId,
      sessionId,
      detail: { ip: '2001:db8::1', why: null },
    });

    /** One that no store can write. */
    const impossible = (): AuthEvent => ({ ...event('login'), kind: null as never });

    const opened = async (change: Partial<NewSession> = {}): Promise<Session> => {
      const session = newSession(change);
      await store.open(session, UNLIMITED, event('login', session.id));
      return (await store.find(ownerId, session.id)) as Session;
    };

    const successor = (session: Session, change: Partial<SessionChange> = {}): SessionChange => ({
      generation: session.generation + 1,
      branch: 0,
      tokenSeq: session.tokenSeq + 1,
      rotatedAt: T + 1,
      idleExpiresAt: T + DAY + 1,
      firstShareUserId: session.firstShareUserId,
      secondShareUserId: 'second',
      superseded: writeSuperseded([
        ...parseSuperseded(session.superseded),
        { generation: session.generation, branch: session.branch, at: T + 1 },
      ]),
      ...change,
    });

    const kinds = async () => (await subject.events(ownerId)).map(({ kind }) => kind).sort();
    const found = async (id: string) => (await store.find(ownerId, id)) as Session;

    describe('open and find', () => {
      it('gives back what was opened, to the last column', async () => {
        const session = newSession({
          firstShareUserId: 'a',
          secondShareUserId: 'b',
          importedTokenHash: 'f'.repeat(64),
          superseded: `[[3,1,${T + 5}]]`,
          generation: 2 ** 24 - 1,
          branch: 15,
        });
        expect(await store.open(session, UNLIMITED, event('login', session.id))).toEqual(OPENED);
        expect(await found(session.id)).toEqual({
          ...session,
          status: 'active',
          endReason: null,
          subject: { active: true, validAfter: 0 },
        });
        expect(await subject.events(ownerId)).toEqual([{ kind: 'login', sessionId: session.id }]);
      });

      it('keeps no idle end where there is none', async () => {
        expect((await opened({ idleExpiresAt: null })).idleExpiresAt).toBeNull();
      });

      it('knows nothing of another project’s session, nor of what no identifier can be', async () => {
        const { id } = await opened();
        expect(await store.find('another', id)).toBeNull();
        for (const wanted of [`${id} `, `${id}\0`, '', "' OR 1=1 --"])
          expect(await store.find(ownerId, wanted)).toBeNull();
      });

      it('finds an imported token in its own project alone', async () => {
        const { id } = await opened({ importedTokenHash: 'a'.repeat(64) });
        expect(await store.findImported(ownerId, 'a'.repeat(64))).toBe(id);
        expect(await store.findImported('another', 'a'.repeat(64))).toBeNull();
        expect(await store.findImported(ownerId, 'b'.repeat(64))).toBeNull();
      });

      it('opens nothing where its event cannot be written', async () => {
        const session = newSession();
        await expect(store.open(session, UNLIMITED, impossible())).rejects.toThrow(StoreUnavailable);
        expect(await store.find(ownerId, session.id)).toBeNull();
      });

      it('sees the state of the user and of the project', async () => {
        const { id } = await opened();
        await subject.setUser(ownerId, userId, false);
        expect((await found(id)).subject.active).toBe(false);
        await subject.setUser(ownerId, userId, true);
        await subject.setProject(ownerId, false);
        expect((await found(id)).subject.active).toBe(false);
      });
    });

    describe('open', () => {
      it.each([null, 3])(
        'opens nothing for a login read before its user’s log-out (limit %p)',
        async (limit) => {
          await store.endAll(ownerId, userId, 'logged-out', T, event('logged-out'));
          const session = newSession({ createdAt: T });
          expect(await store.open(session, atMost(limit), event('login', session.id))).toEqual({
            kind: 'user-changed',
          });
          expect(await store.find(ownerId, session.id)).toBeNull();
          expect(await kinds()).toEqual(['logged-out']);
        },
      );

      it('opens nothing for a user who is disabled or gone', async () => {
        await subject.setUser(ownerId, userId, false);
        for (const who of [userId, 'nobody'])
          expect(await store.open(newSession({ userId: who }), UNLIMITED, event('login'))).toEqual({
            kind: 'user-changed',
          });
        expect(await kinds()).toEqual([]);
      });
    });

    describe('open with a limit', () => {
      it('ends the oldest, and never the one that is opened', async () => {
        const old = await opened({ createdAt: T - 2000 });
        const newer = await opened({ createdAt: T - 1000 });
        const session = newSession({ createdAt: T - 3000 });
        expect(await store.open(session, atMost(2), event('login', session.id))).toEqual({
          kind: 'opened',
          replaced: [old.id],
        });
        expect((await found(old.id)).status).toBe('ended');
        expect((await found(newer.id)).status).toBe('active');
        expect((await found(session.id)).status).toBe('active');
        expect((await subject.events(ownerId)).filter(({ kind }) => kind === 'evicted')).toEqual([
          { kind: 'evicted', sessionId: old.id },
        ]);
      });

      it('counts neither the dead nor another user’s', async () => {
        await subject.addUser(ownerId, 'lee');
        await opened({ userId: 'lee' });
        await opened({ expiresAt: T - 1 });
        await opened({ idleExpiresAt: T - 1 });
        const ended = await opened();
        await store.end(ended, 'revoked', T, null);
        const session = newSession();
        expect(await store.open(session, atMost(1), event('login', session.id))).toEqual(OPENED);
      });

      it('leaves N of many that are opened at once', async () => {
        const all = Array.from({ length: 8 }, (_, index) => newSession({ createdAt: T + index }));
        await Promise.all(all.map((session) => store.open(session, atMost(3), event('login', session.id))));
        expect(await store.list(ownerId, userId, T + 10)).toHaveLength(3);
      });

      it('of a client: ends the oldest of this client, whatever other clients have', async () => {
        const phone = { clientId: 'phone' };
        const old = await opened({ ...phone, createdAt: T - 3000 });
        const web = await opened({ clientId: 'web', createdAt: T - 4000 });
        const newer = await opened({ ...phone, createdAt: T - 2000 });
        const session = newSession({ ...phone, createdAt: T });
        const limits = { perUser: 3, perClient: 2, whenFull: 'replace' } as const;
        expect(await store.open(session, limits, event('login', session.id))).toEqual({
          kind: 'opened',
          replaced: [old.id],
        });
        expect((await found(old.id)).endReason).toBe('evicted');
        const third = newSession({ clientId: 'tablet', createdAt: T + 1 });
        expect(await store.open(third, limits, event('login', third.id))).toEqual({
          kind: 'opened',
          replaced: [web.id],
        });
        expect((await found(newer.id)).status).toBe('active');
      });

      it('refuses a login beyond it and writes nothing, where sessions do not give way', async () => {
        const phone = { clientId: 'phone' };
        const refuse = { perUser: 2, perClient: 1, whenFull: 'refuse' } as const;
        const open = async (more: Partial<NewSession>) => {
          const session = newSession(more);
          return (await store.open(session, refuse, event('login', session.id))).kind;
        };
        expect([await open(phone), await open(phone)]).toEqual(['opened', 'full']);
        const other = await open({ clientId: 'web' });
        expect([other, await open({ clientId: 'tablet' })]).toEqual(['opened', 'full']);
        expect(await kinds()).toEqual(['login', 'login']);
        const all = Array.from({ length: 6 }, () => open({ clientId: 'tablet' }));
        expect(new Set(await Promise.all(all))).toEqual(new Set(['full']));
      });
    });

    describe('move', () => {
      it('moves the tip and nothing else', async () => {
        const session = await opened();
        const next = successor(session);
        expect(await store.move(session, next, null)).toBe(true);
        expect(await found(session.id)).toEqual({ ...session, ...next });
      });

      it('writes an idle end of none', async () => {
        const session = await opened();
        expect(await store.move(session, successor(session, { idleExpiresAt: null }), null)).toBe(true);
        expect((await found(session.id)).idleExpiresAt).toBeNull();
      });

      it.each<[string, (session: Session) => Promise<Partial<Session>>]>([
        ['another generation', async () => ({ generation: 1 })],
        ['another branch', async () => ({ branch: 1 })],
        ['another past', async () => ({ superseded: `[[0,0,${T}]]` })],
        ['another project', async () => ({ ownerId: 'another' })],
        ['an unknown session', async () => ({ id: 'ffffffffffffffff' })],
        [
          'an ended session',
          async (session) => {
            await store.end(session, 'revoked', T, null);
            return {};
          },
        ],
        [
          'a disabled user',
          async () => {
            await subject.setUser(ownerId, userId, false);
            return {};
          },
        ],
        [
          'a disabled project',
          async () => {
            await subject.setProject(ownerId, false);
            return {};
          },
        ],
        [
          'a user who has logged out everywhere',
          async () => {
            await store.endAll(ownerId, userId, 'logged-out', T, event('logged-out'));
            return {};
          },
        ],
      ])('does not move %s', async (_, prepare) => {
        const session = await opened();
        const change = await prepare(session);
        const before = await found(session.id);
        const recorded = await kinds();
        for (const also of [null, event('displaced', session.id)])
          expect(await store.move({ ...session, ...change }, successor(session), also)).toBe(false);
        expect(await found(session.id)).toEqual(before);
        expect(await kinds()).toEqual(recorded);
      });

      it.each([['without an event', false] as const, ['with an event', true] as const])(
        'lets one of many win, %s',
        async (_, withEvent) => {
          const session = await opened();
          const moves = Array.from({ length: 12 }, (_, index) =>
            store.move(
              session,
              successor(session, { tokenSeq: 100 + index }),
              withEvent ? event('displaced', session.id) : null,
            ),
          );
          const won = await Promise.all(moves);
          expect(won.filter(Boolean)).toHaveLength(1);
          expect((await found(session.id)).tokenSeq).toBe(100 + won.indexOf(true));
          expect((await kinds()).filter((kind) => kind === 'displaced')).toHaveLength(withEvent ? 1 : 0);
        },
      );

      it('moves many different sessions at once, each by its own', async () => {
        const many = await Promise.all(Array.from({ length: 20 }, () => opened()));
        const won = await Promise.all(
          many.map((session, index) =>
            store.move(session, successor(session, { tokenSeq: 50 + index }), null),
          ),
        );
        expect(won.every(Boolean)).toBe(true);
        const after = await Promise.all(many.map(({ id }) => found(id)));
        expect(after.map(({ tokenSeq }) => tokenSeq)).toEqual(many.map((_, index) => 50 + index));
      });

      it('moves one session step by step under a crowd', async () => {
        const { id } = await opened();
        let wins = 0;
        await Promise.all(
          Array.from({ length: 6 }, async () => {
            for (let step = 0; step < 5; step++) {
              const session = await found(id);
              if (await store.move(session, successor(session, { superseded: '[]' }), null)) wins++;
            }
          }),
        );
        expect(await found(id)).toMatchObject({ generation: wins, tokenSeq: 1 + wins });
      });

      it('writes the event with the move, or neither', async () => {
        const session = await opened();
        await expect(store.move(session, successor(session), impossible())).rejects.toThrow(StoreUnavailable);
        expect(await found(session.id)).toEqual(session);
        expect(await store.move(session, successor(session), event('imported', session.id))).toBe(true);
        expect(await kinds()).toEqual(['imported', 'login']);
      });
    });

    describe('end', () => {
      it('ends once, and tells once', async () => {
        const session = await opened();
        const ends = await Promise.all(
          [1, 2, 3, 4].map(() => store.end(session, 'reused', T, event('reused', session.id))),
        );
        expect(ends.filter(Boolean)).toHaveLength(1);
        expect((await found(session.id)).status).toBe('ended');
        expect(await kinds()).toEqual(['login', 'reused']);
      });

      it('ends nothing as expired that has been renewed meanwhile', async () => {
        for (const idleExpiresAt of [T + DAY, null]) {
          const session = await opened({ idleExpiresAt });
          expect(await store.end(session, 'expired', T + DAY - 1, null)).toBe(false);
          expect((await found(session.id)).status).toBe('active');
          expect(await store.end(session, 'expired', session.idleExpiresAt ?? session.expiresAt, null)).toBe(
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
          expect(await store.move(session, change(session), null)).toBe(true);
          expect(await store.end(session, 'reused', T, event('reused', session.id))).toBe(false);
          const now = await found(session.id);
          expect(now.status).toBe('active');
          expect(await store.end(now, 'reused', T, null)).toBe(true);
        }
      });

      it('ends as expired what has no generation left', async () => {
        const session = await opened({ generation: MAX_GENERATION });
        expect(await store.end(session, 'expired', T, null)).toBe(true);
      });

      it('ends nothing of another project, and nothing unknown', async () => {
        const session = await opened();
        expect(await store.end({ ...session, ownerId: 'another' }, 'revoked', T, null)).toBe(false);
        expect(await store.end({ ...session, id: 'ffffffffffffffff' }, 'revoked', T, null)).toBe(false);
        expect((await found(session.id)).status).toBe('active');
      });

      it('either moves or ends where both are asked at once, and stays ended', async () => {
        for (let round = 0; round < 5; round++) {
          const session = await opened();
          await Promise.all([
            store.move(session, successor(session), null),
            store.end(session, 'revoked', T, null),
          ]);
          const after = await found(session.id);
          expect(after.status).toBe('ended');
          expect(await store.move(after, successor(after), null)).toBe(false);
        }
      });

      it('ends nothing where its event cannot be written', async () => {
        const session = await opened();
        await expect(store.end(session, 'revoked', T, impossible())).rejects.toThrow(StoreUnavailable);
        expect((await found(session.id)).status).toBe('active');
      });
    });

    describe('list', () => {
      it('gives the living of one user, newest first', async () => {
        await subject.addUser(ownerId, 'lee');
        const first = await opened({ createdAt: T - 2 });
        const second = await opened({ createdAt: T - 1 });
        await opened({ userId: 'lee' });
        await opened({ expiresAt: T });
        await opened({ idleExpiresAt: T });
        await store.end(await opened(), 'revoked', T, null);
        const third = await opened({ idleExpiresAt: null });
        const listed = await store.list(ownerId, userId, T);
        expect(listed.map(({ id }) => id)).toEqual([third.id, second.id, first.id]);
        expect(listed[2]).toEqual(first);
      });
    });

    describe('endOthers', () => {
      it('ends the living others of the user, and says which', async () => {
        await subject.addUser(ownerId, 'lee');
        const keep = await opened();
        const others = [await opened(), await opened()];
        const dead = await opened({ expiresAt: T - 1 });
        const lee = await opened({ userId: 'lee' });
        const ended = await store.endOthers(keep, T, event('logged-out', keep.id));
        expect([...ended].sort()).toEqual(others.map(({ id }) => id).sort());
        expect((await found(dead.id)).status).toBe('active');
        expect((await found(lee.id)).status).toBe('active');
        expect(await store.list(ownerId, userId, T)).toEqual([keep]);
        expect(await store.endOthers(keep, T, event('logged-out', keep.id))).toEqual([]);
        expect((await kinds()).filter((kind) => kind === 'logged-out')).toHaveLength(1);
      });
    });

    describe('endAll', () => {
      it('ends all that was opened until then, and nothing that is opened after', async () => {
        const all = [await opened(), await opened({ createdAt: T - 5 }), await opened({ expiresAt: T - 1 })];
        const ended = await store.endAll(ownerId, userId, 'password-changed', T, event('logged-out'));
        expect([...ended].sort()).toEqual(
          all
            .slice(0, 2)
            .map(({ id }) => id)
            .sort(),
        );
        expect((await found(ended[0] as string)).endReason).toBe('password-changed');
        // The first reason stays.
        await store.endAll(ownerId, userId, 'administrator', T, event('logged-out'));
        expect((await found(ended[0] as string)).endReason).toBe('password-changed');
        expect(await store.list(ownerId, userId, T)).toEqual([]);
        const { validAfter } = (await found(all[0]?.id as string)).subject;
        expect(validAfter).toBeGreaterThan(T);
        const after = await opened({ createdAt: validAfter });
        expect(await store.list(ownerId, userId, validAfter)).toEqual([after]);
        expect(await store.move(after, successor(after), null)).toBe(true);
      });

      it('ends what a clock that runs ahead has opened, and never moves back', async () => {
        await opened({ createdAt: T + 60_000, rotatedAt: T + 60_000 });
        expect(await store.endAll(ownerId, userId, 'logged-out', T, event('logged-out'))).toHaveLength(1);
        expect(await store.list(ownerId, userId, T + 60_000)).toEqual([]);
        await store.endAll(ownerId, userId, 'logged-out', T - DAY, event('logged-out'));
        expect(await store.list(ownerId, userId, T + 60_000)).toEqual([]);
      });

      it('leaves other users and projects alone', async () => {
        await subject.addUser(ownerId, 'lee');
        const lee = await opened({ userId: 'lee' });
        await store.endAll(ownerId, userId, 'logged-out', T, event('logged-out'));
        expect(await store.list(ownerId, 'lee', T)).toEqual([lee]);
      });
    });

    describe('purge', () => {
      it('deletes what expired before, in bounded batches, oldest first', async () => {
        // Long before all the others of this suite.
        const at = T - 1000 * DAY;
        const old = [];
        for (const age of [3, 1, 2]) old.push(await opened({ expiresAt: at - age }));
        const stays = await opened({ expiresAt: at });
        expect(await store.purge(at, 2)).toBe(2);
        expect(
          await Promise.all(old.map(async ({ id }) => (await store.find(ownerId, id)) !== null)),
        ).toEqual([false, true, false]);
        expect(await store.purge(at, 2)).toBe(1);
        expect(await store.purge(at, 2)).toBe(0);
        expect(await store.find(ownerId, stays.id)).not.toBeNull();
      });

      it('shares the work among many who purge at once', async () => {
        const at = T - 2000 * DAY;
        for (let index = 0; index < 12; index++) await opened({ expiresAt: at - index - 1 });
        const deleted = await Promise.all([1, 2, 3].map(() => store.purge(at, 100)));
        expect(deleted.reduce((sum, count) => sum + count)).toBe(12);
      });
    });
  });
}
