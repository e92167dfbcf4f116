import { ChainVerification, type ChainReport } from '../../src/audit/chain-verification.js';
import { COMMAND_LINE } from '../../src/admin/administrator.js';
import { administrationEvent } from '../../src/audit/auth-event.js';
import type { Link } from '../../src/audit/chain-key.js';
import { EventChain } from '../../src/audit/event-chain.js';
import { EventSealer } from '../../src/audit/event-sealer.js';
import { Peppers } from '../../src/config/pepper.js';
import { SqlDatabase } from '../../src/database/sql-database.js';
import { login, startApp, type TestApp } from '../support/app.js';
import { TestDatabase } from '../support/database.js';

/** Sealed with the first of them. */
const PEPPER = 'one:first-pepper-of-this-test-0123456789';
const NEXT_PEPPER = 'two:second-pepper-of-this-test-012345678';

describe.each(['sqlite', 'postgres'] as const)('the hash chain of the audit trail, on %s', (kind) => {
  let postgres: TestDatabase | null = null;
  let test: TestApp;
  let chain: EventChain;

  beforeAll(async () => {
    if (kind === 'postgres') postgres = await TestDatabase.create();
    test = await startApp({ TOKEN_PEPPER: PEPPER, ...(postgres !== null && { DATABASE_URL: postgres.url }) });
    chain = test.app.get(EventChain, { strict: false });
    // The application's own sealer, which runs each second, would seal lines between two steps of a test.
    await test.app.get(EventSealer, { strict: false }).onApplicationShutdown();
  });
  afterAll(async () => {
    await test?.close();
    await postgres?.drop();
  });
  beforeEach(async () => {
    await test.sql('DELETE FROM bo_auth_event');
    await test.sql('DELETE FROM bo_event_chain');
  });

  const event = (at: number, detail: object = {}, userId = 'alice') =>
    test.sql(
      `INSERT INTO bo_auth_event (at, owner_id, user_id, session_id, kind, detail) VALUES ($1, 'acme', $2, NULL, 'login', $3)`,
      at,
      userId,
      JSON.stringify(detail),
    );
  const sealAll = async () => {
    while ((await test.sql('SELECT id FROM bo_auth_event WHERE chain_seq IS NULL LIMIT 1')).length > 0)
      await chain.seal();
  };
  /** A chain of so many lines. */
  const lines = async (count: number) => {
    for (let n = 1; n <= count; n++) await event(n, { ip: '192.0.2.1', firstShareUserId: 'bob' });
    await sealAll();
  };
  const database = () => test.app.get(SqlDatabase, { strict: false });
  const verify = (expected: Link | null = null, of = chain) =>
    new ChainVerification(of, database(), expected).run();
  const faults = (report: ChainReport) => report.faults.map(({ seq, says }) => `${seq} ${says}`);

  it('seals what was written, by whatever release, and verifies it', async () => {
    await login(test);
    await lines(3);
    expect(await verify()).toMatchObject({
      verified: 4,
      unsealed: 0,
      uncovered: 0,
      faultCount: 0,
      head: { seq: 4 },
    });
  });

  it.each([
    [
      'changed in its detail',
      `UPDATE bo_auth_event SET detail = '{"ip":"192.0.2.2"}' WHERE chain_seq = 2`,
      '2 was changed',
    ],
    ['made unreadable', `UPDATE bo_auth_event SET detail = 'x' WHERE chain_seq = 2`, '2 was changed'],
    ['given another user', `UPDATE bo_auth_event SET user_id = 'bob' WHERE chain_seq = 2`, '2 was changed'],
    ['given another time', `UPDATE bo_auth_event SET at = 9 WHERE chain_seq = 2`, '2 was changed'],
    ['removed', `DELETE FROM bo_auth_event WHERE chain_seq = 2`, '2 is missing'],
    ['removed at the beginning', `DELETE FROM bo_auth_event WHERE chain_seq = 1`, '1 is missing'],
    ['removed at the end', `DELETE FROM bo_auth_event WHERE chain_seq >= 4`, '4 is missing'],
    [
      'inserted after the end',
      `INSERT INTO bo_auth_event (at, owner_id, user_id, kind, detail, chain_seq, chain_mac)
      SELECT at, owner_id, user_id, kind, detail, 6, chain_mac FROM bo_auth_event WHERE chain_seq = 5`,
      '6 stands after',
    ],
    [
      'taken out of the chain',
      `UPDATE bo_auth_event SET chain_seq = NULL, chain_mac = NULL WHERE chain_seq = 5`,
      '5 is missing',
    ],
  ])('finds a line that was %s', async (_, sql, fault) => {
    await lines(5);
    await test.sql(sql);
    expect(faults(await verify())[0]).toContain(fault);
  });

  it('finds two lines that changed places, and a removed line whose successors moved up', async () => {
    await lines(5);
    await test.sql(`UPDATE bo_auth_event SET chain_seq = 9 - chain_seq + 100 WHERE chain_seq IN (2, 3)`);
    await test.sql(`UPDATE bo_auth_event SET chain_seq = chain_seq - 104 WHERE chain_seq > 100`);
    expect(faults(await verify())[0]).toContain('2 was changed');
    await test.sql('DELETE FROM bo_auth_event WHERE chain_seq = 1');
    for (const seq of [2, 3, 4, 5])
      await test.sql('UPDATE bo_auth_event SET chain_seq = $1 WHERE chain_seq = $2', seq - 1, seq);
    expect(faults(await verify())[0]).toContain('1 was changed');
  });

  it('is unbroken when several processes write and seal at once', async () => {
    const others = [chainWith(PEPPER), chainWith(PEPPER), chain];
    const writes = Array.from({ length: 300 }, (_, n) => event(n));
    const seals = others.map(async (other) => {
      for (let n = 0; n < 40; n++) await other.seal();
    });
    await Promise.all([...writes, ...seals]);
    await sealAll();
    expect(await verify()).toMatchObject({ verified: 300, faultCount: 0, head: { seq: 300 } });
  });

  it('stays verifiable while two clean-ups delete the oldest lines, and lines are sealed', async () => {
    await lines(300);
    const sealing = async () => {
      for (let n = 0; n < 50; n++) {
        await event(1_000);
        await chain.seal();
      }
    };
    const cleanUp = async () => {
      let deleted = 0;
      for (let more = 1; more > 0; deleted += more) more = await chain.deleteOlder(251, 20);
      return deleted;
    };
    const deleted = await Promise.all([cleanUp(), cleanUp(), sealing()]);
    expect(deleted[0] + deleted[1]).toBe(250);
    await sealAll();
    expect(await verify()).toMatchObject({ verified: 100, faultCount: 0 });
  });

  it('does not let the retention hide what was done to the lines that it deletes', async () => {
    await lines(6);
    await test.sql('DELETE FROM bo_auth_event WHERE chain_seq = 2');
    await test.sql('UPDATE bo_auth_event SET at = 0 WHERE chain_seq = 4');
    expect(await chain.deleteOlder(5, 200)).toBe(3);
    const report = await verify();
    // The line that was removed, the one after it, and the one that was changed.
    expect(faults(report)).toEqual([
      expect.stringContaining('3 of those had been changed or removed before'),
    ]);
    expect(report).toMatchObject({ verified: 2, faultCount: 1 });
  });

  it('does not keep lines because one was dated in the future', async () => {
    await event(1);
    await event(Date.now() + 86_400_000);
    await event(2);
    await event(Date.now());
    await sealAll();
    expect(await chain.deleteOlder(3, 200)).toBe(3);
    expect(await verify()).toMatchObject({ verified: 1, faultCount: 0 });
  });

  it('is not broken by the pseudonym of a user who is deleted, and by no other', async () => {
    await lines(3);
    const [alice, bob] = [await chain.pseudonym('acme', 'alice'), await chain.pseudonym('acme', 'bob')];
    expect(new Set([alice, bob, await chain.pseudonym('ptdev', 'alice')]).size).toBe(3);
    await test.sql('UPDATE bo_auth_event SET user_id = $1', alice);
    await test.sql(`UPDATE bo_auth_event SET detail = replace(detail, '"bob"', $1)`, JSON.stringify(bob));
    expect(await verify()).toMatchObject({ verified: 3, faultCount: 0 });
    await test.sql('UPDATE bo_auth_event SET user_id = $1 WHERE chain_seq = 2', bob);
    expect(faults(await verify())).toEqual([expect.stringContaining('2 was changed')]);
  });

  it('compares a head that was noted down, and so finds a trail that was put back to an earlier state', async () => {
    await lines(3);
    const earlier = await test.sql('SELECT * FROM bo_event_chain');
    const { head: old } = await verify();
    await lines(2);
    const { head } = await verify();
    expect((await verify(old)).faultCount + (await verify(head)).faultCount).toBe(0);
    expect(faults(await verify({ ...old, mac: head.mac }))).toEqual([
      expect.stringContaining('3 is not the head'),
    ]);

    await test.sql('DELETE FROM bo_auth_event WHERE chain_seq > 3');
    await test.sql('DELETE FROM bo_event_chain');
    await restore(earlier[0] ?? {});
    expect((await verify()).faultCount).toBe(0);
    expect(faults(await verify(head))).toEqual([expect.stringContaining('5 was the head before')]);
    expect(await chain.deleteOlder(3, 200)).toBe(2);
    expect(faults(await verify({ seq: 1, mac: 'any' }))).toEqual([
      expect.stringContaining('expect a newer head'),
    ]);
  });

  it('outlives its pepper once the next one is in use', async () => {
    await lines(2);
    await chainWith(`${NEXT_PEPPER},${PEPPER}`).states.renewSeal((await chain.states.find())!);
    await event(3);
    expect(await chainWith(NEXT_PEPPER).seal()).toBe(1);
    expect(await verify(null, chainWith(NEXT_PEPPER))).toMatchObject({ verified: 3, faultCount: 0 });
  });

  it('is neither continued nor begun anew with another pepper or a changed row, until it is restarted', async () => {
    await lines(2);
    await event(3);
    const other = chainWith('one:another-pepper-of-the-same-id-0123456789');
    await expect(other.seal()).rejects.toThrow('TOKEN_PEPPER does not open the key');
    const [row] = await test.sql('SELECT * FROM bo_event_chain');
    for (const change of ['head_seq = 1', `anchor_seq = 1`, `signature = 'x'`, 'began_at = 0']) {
      await test.sql(`UPDATE bo_event_chain SET ${change}`);
      await expect(chain.seal()).rejects.toThrow('was changed');
      await test.sql('DELETE FROM bo_event_chain');
      await expect(chain.seal()).rejects.toThrow('is missing');
      await restore(row ?? {});
    }
    await other.restart(administrationEvent('event-chain-restarted', COMMAND_LINE, { ownerId: '' }, 4));
    expect(await other.seal()).toBe(2);
    expect(await verify(null, other)).toMatchObject({
      verified: 2,
      uncovered: 2,
      faultCount: 0,
      head: { seq: 4 },
    });
    expect(await other.deleteOlder(2, 200)).toBe(1);
    expect(await other.deleteOlder(4, 200)).toBe(1);
    expect(await other.deleteOlder(4, 200)).toBe(1);
    expect(await verify(null, other)).toMatchObject({ verified: 1, uncovered: 0, faultCount: 0 });
  });

  function chainWith(peppers: string): EventChain {
    return new EventChain(test.clock, database(), { ...test.config, peppers: Peppers.parse(peppers) });
  }

  async function restore(row: Record<string, unknown>): Promise<void> {
    const names = Object.keys(row);
    await test.sql(
      `INSERT INTO bo_event_chain (${names.join(', ')}) VALUES (${names.map((_, n) => `$${n + 1}`).join(', ')})`,
      ...(Object.values(row) as string[]),
    );
  }
});
