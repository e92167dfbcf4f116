import type { Config } from '../../src/config/config.js';
import { Peppers } from '../../src/config/pepper.js';
import type { SqlDatabase } from '../../src/database/sql-database.js';
import {
  type LoginFailures,
  MAX_RECORDS,
  type StoredRecord,
} from '../../src/auth/lock-out/login-failures.js';
import { LoginGate } from '../../src/auth/lock-out/login-gate.js';
import { UsualNetworks } from '../../src/auth/lock-out/usual-networks.js';
import { TestClock } from '../support/app.js';

/** A store of failed logins, and the database behind the rest of the lock-out. */
export interface LoginFailuresUnderTest {
  /** Those of two processes. */
  readonly stores: readonly [LoginFailures, LoginFailures];
  readonly database: SqlDatabase;
  /** Adds as many long-lived records of invented names as a store may hold of `acme`, and lets the clean-up run. @returns how many are left */
  overfill(): Promise<number>;
  close(): Promise<void>;
}

export function loginFailuresContract(name: string, open: () => Promise<LoginFailuresUnderTest>): void {
  describe(`failed logins: ${name}`, () => {
    let under: LoginFailuresUnderTest;
    let store: LoginFailures;
    let now: number;
    beforeAll(async () => {
      under = await open();
      [store] = under.stores;
      now = Date.now();
    }, 60_000);
    afterAll(() => under.close());

    const key = (nameHash: string, ownerId = 'acme') => ({ ownerId, nameHash });
    const record = (text: string, changes: Partial<StoredRecord> = {}): StoredRecord => ({
      text,
      userId: null,
      lockedUntil: null,
      expiresAt: now + 60_000,
      ...changes,
    });

    it('replaces what the caller saw, and nothing else', async () => {
      const [, other] = under.stores;
      expect(await store.find(key('a'))).toBeNull();
      expect(await store.replace(key('a'), null, record('1'), now)).toBe(true);
      expect(await other.replace(key('a'), null, record('2'), now)).toBe(false);
      expect(await other.replace(key('a'), '1', record('3'), now)).toBe(true);
      expect(await store.replace(key('a'), '1', record('4'), now)).toBe(false);
      expect(await store.find(key('a'))).toBe('3');
      expect(await store.find(key('a', 'ptdev'))).toBeNull();
      expect(await store.replace(key('a'), '1', null, now)).toBe(false);
      expect(await store.replace(key('a'), '3', null, now)).toBe(true);
      expect(await other.find(key('a'))).toBeNull();
    });

    it('lists the users of a project that are locked at the time, until they are forgotten', async () => {
      const lock = (nameHash: string, userId: string | null, lockedUntil: number | null, ownerId?: string) =>
        store.replace(key(nameHash, ownerId), null, record(nameHash, { userId, lockedUntil }), now);
      await lock('b', 'bob', now + 2_000);
      await lock('c', 'carol', null);
      await lock('d', 'dave', now + 1_000);
      await lock('e', null, now + 2_000);
      await lock('f', 'frank', now + 2_000, 'ptdev');
      expect((await store.lockedUsers('acme', now)).sort()).toEqual(['bob', 'dave']);
      expect(await store.lockedUsers('acme', now + 1_000)).toEqual(['bob']);
      await store.replace(key('d'), 'd', record('d', { userId: 'dave' }), now);
      expect(await store.lockedUsers('acme', now)).toEqual(['bob']);
      await store.forget(key('b'), 'bob');
      expect([await store.find(key('b')), await store.lockedUsers('acme', now)]).toEqual([null, []]);
    });

    it('lets two processes compare hardly more guesses than may fail', async () => {
      const config = { peppers: Peppers.parse('a-pepper') } as Config;
      const gates = under.stores.map(
        (each) => new LoginGate(new TestClock(), each, new UsualNetworks(under.database), config),
      );
      let compared = 0;
      const guess = async (gate: LoginGate, network: string) => {
        const { signal } = new AbortController();
        const limits = { maxFailures: 5, lockMs: 600_000 };
        const attempt = { ownerId: 'acme', userName: 'guessed', userId: null, network, limits, signal };
        const admitted = await gate.admit(attempt);
        if ('kind' in admitted) return;
        compared++;
        await new Promise(setImmediate);
        await gate.end(admitted, 'fail');
      };
      await Promise.all(
        gates.flatMap((gate) => Array.from({ length: 15 }, () => guess(gate, '192.0.2.0/24'))),
      );
      // At most one in each process is in no record.
      expect([5, 6]).toContain(compared);
      compared = 0;
      for (const gate of gates) await guess(gate, '192.0.2.0/24');
      expect(compared).toBe(0);
    });

    it('holds no more than so many records of a project, and keeps those of others', async () => {
      const key = { ownerId: 'bank', nameHash: 'victim' };
      const record = { text: 'locked', userId: null, lockedUntil: now + 600_000, expiresAt: now + 600_000 };
      await store.replace(key, null, record, now);
      expect(await under.overfill()).toBe(MAX_RECORDS);
      expect(await store.find(key)).toBe('locked');
    }, 60_000);
  });
}
