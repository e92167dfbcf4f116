import { randomBytes } from 'node:crypto';
import type { AuthEvent, AuthEventKind } from '../../src/audit/auth-event.js';
import type { NewSession, Session } from '../../src/auth/session/session.js';
import {
  type Opening,
  type SessionLimits,
  type SessionStore,
  UNLIMITED,
} from '../../src/auth/session/session.store.js';
import { StoreUnavailable } from '../../src/database/store-unavailable.js';
import { endingsContract, USER } from './session-endings.contract.js';
import { SAMPLE_EVENT, sampleSession, successor, T } from './sample-session.js';
import type { StoreUnderTest } from './stores-under-test.js';

const OPENED: Opening = { kind: 'opened', replaced: [] };

const atMost = (perUser: number | null): SessionLimits => ({ ...UNLIMITED, perUser });

/** What every store of sessions has to do, whatever it is made of. */
export function sessionStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the session store: ${name}`, () => {
    let subject: StoreUnderTest;
    let store: SessionStore;
    let ownerId: string;
    const userId = USER;

    beforeAll(async () => {
      subject = await open();
      ({ store } = subject);
    }, 120_000);
    afterAll(() => subject?.close());

    beforeEach(async () => {
      ownerId = `p-${randomBytes(6).toString('hex')}`;
      await subject.addProject(ownerId);
      await subject.addUser(ownerId, userId);
    });

    const newSession = (change: Partial<NewSession> = {}): NewSession =>
      sampleSession({ ownerId, userId, ...change });
    const event = (kind: AuthEventKind, sessionId: string | null = null): AuthEvent => ({
      ...SAMPLE_EVENT,
      kind,
      ownerId,
      userId,
      sessionId,
    });

    /** One that no store can write. */
    const impossible = (): AuthEvent => ({ ...event('login'), kind: null as never });

    const opened = async (change: Partial<NewSession> = {}): Promise<Session> => {
      const session = newSession(change);
      await store.open(session, UNLIMITED, event('login', session.id));
      return (await store.find(ownerId, session.id)) as Session;
    };

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
          dpopJkt: 'k'.repeat(43),
          scope: 'read grant',
          clientAuthenticated: true,
        });
        expect(await store.open(session, UNLIMITED, event('login', session.id))).toEqual(OPENED);
        expect(await found(session.id)).toEqual({
          ...session,
          status: 'active',
          endReason: null,
          subject: { active: true, projectActive: true, validAfter: 0 },
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

    endingsContract({
      subject: () => subject,
      owner: () => ownerId,
      opened,
      found,
      event,
      impossible,
      kinds,
    });
  });
}
