import { Client } from 'pg';
import { CleanUp } from '../../src/auth/clean-up.js';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import { migrate } from '../../src/database/data-source.js';
import { StoreUnavailable } from '../../src/database/store-unavailable.js';
import { fresh, OPERATOR } from '../admin/administration.js';
import { call, login, refresh, SAMPLE_TOKEN } from '../support/app.js';
import { fileOf, undoLastMigration } from '../database/undo-migration.js';
import { later, ObservedPair, ObservedUser } from './observed-pair.js';

const MINUTE_MS = 60_000;

/** How a sharing user is refused who is disabled or does not exist. */
const GONE = '400 SHARE_USER_UNKNOWN';

describe.each(['sqlite', 'postgres'] as const)('the log of changes, on %s', (kind) => {
  let pair: ObservedPair;
  let bob: ObservedUser;
  beforeAll(async () => {
    pair = await ObservedPair.start(kind);
    await admin('PATCH', '', { accessTokenSeconds: 86_400 });
    bob = await ObservedUser.signIn(pair, 'bob');
  });
  afterAll(() => pair?.close());
  afterEach(() => {
    pair.failure = pair.logFailure = null;
  });

  const admin = (method: 'PATCH' | 'POST' | 'DELETE', path: string, payload?: object) =>
    call(pair.writer, {
      method,
      url: `/admin/projects/acme${path}`,
      owner: 'ptdev',
      bearer: OPERATOR,
      payload,
    });
  const sql = (statement: string, ...values: string[]) => pair.writer.sql(statement, ...values);

  async function newUser(): Promise<ObservedUser> {
    const userId = fresh('u');
    const added = await admin('POST', '/users', {
      userId,
      userName: userId,
      password: `${userId}-password`,
      roleId: ['guest'],
    });
    expect(added.status).toBe(201);
    return ObservedUser.signIn(pair, userId);
  }

  const touchAll = async () => {
    for (const table of ['bo_project', 'bo_user']) await sql(`UPDATE ${table} SET status = status`);
  };
  const refreshInPtdev = async () => {
    const answer = await refresh(pair.reader, SAMPLE_TOKEN, { owner: 'ptdev' });
    expect(answer.status).toBe(200);
  };
  const migrateAgain = () => migrate(pair.writer.config.database, fileOf(pair.writer.config.database));

  /** Reads what the log vouches for from then on. */
  async function settle(...users: readonly ObservedUser[]): Promise<void> {
    for (let round = 0; round < 2; round++) {
      later(pair);
      for (const user of users) await user.look();
    }
    later(pair);
    pair.reads.length = 0;
  }

  it('covers the rows that are read first after the start', async () => {
    await refreshInPtdev();
    later(pair);
    pair.reads.length = 0;
    await refreshInPtdev();
    expect(pair.reads).toEqual(['check']);
  });

  it('saves reading rows that have not changed, at one check in five seconds for all', async () => {
    const users = [bob, await newUser(), await newUser()];
    await settle(...users);
    for (let round = 0; round < 3; round++) {
      await Promise.all(users.map((user) => user.look()));
      pair.reader.clock.advance(STALENESS_MS - 1_000);
      await Promise.all(users.map((user) => user.look()));
      pair.reader.clock.advance(1_001);
    }
    expect(pair.reads).toEqual(['check', 'check', 'check']);
  });

  it.each<[string, (userId: string) => Promise<unknown>, string]>([
    ['disabled', (id) => admin('POST', `/users/${id}/disable`), GONE],
    ['given a role', (id) => admin('PATCH', `/users/${id}`, { roleId: ['admin'] }), 'roles admin'],
    ['deleted', (id) => admin('DELETE', `/users/${id}`), GONE],
    ['disabled by SQL', (id) => sql(`UPDATE bo_user SET status = 'disabled' WHERE user_id = $1`, id), GONE],
    [
      'given a role by SQL',
      (id) => sql(`UPDATE bo_user SET role_id = '["admin"]' WHERE user_id = $1`, id),
      'roles admin',
    ],
    ['deleted by SQL', (id) => sql('DELETE FROM bo_user WHERE user_id = $1', id), GONE],
    [
      'renamed by SQL',
      (id) => sql(`UPDATE bo_user SET user_id = user_id || '-former' WHERE user_id = $1`, id),
      GONE,
    ],
  ])('shows that a user was %s, and reads no other again', async (_how, change, seen) => {
    const user = await newUser();
    await settle(user, bob);
    expect(await user.look()).toBe('roles guest');
    await change(user.userId);
    later(pair);
    pair.reads.length = 0;
    expect([await user.look(), await bob.look()]).toEqual([seen, 'roles ']);
    expect(new Set(pair.reads)).toEqual(new Set(['check', `acme/${user.userId}`]));
  });

  it.each<[string, (status: string) => Promise<unknown>]>([
    ['', (to) => admin('POST', to === 'active' ? '/enable' : '/disable')],
    [' by SQL', (to) => sql(`UPDATE bo_project SET status = $1 WHERE owner_id = 'acme'`, to)],
  ])('shows that a project was disabled%s', async (_how, set) => {
    await settle(bob);
    await set('disabled');
    later(pair);
    expect(await bob.look()).toBe('401 PROJECT_UNKNOWN');
    await set('active');
    later(pair);
    pair.reads.length = 0;
    expect(await bob.look()).toBe('roles ');
    expect(new Set(pair.reads)).toEqual(new Set(['check', 'acme']));
  });

  it('does not grow with logins and refreshes', async () => {
    const size = () => sql('SELECT seq FROM bo_change');
    const before = await size();
    await login(pair.writer);
    const { refreshToken } = await login(pair.reader);
    expect((await refresh(pair.reader, refreshToken)).status).toBe(200);
    expect(await size()).toEqual(before);
  });

  it('keeps no copy of a slow read that a change has overtaken', async () => {
    const user = await newUser();
    await settle(bob);
    await sql(`UPDATE bo_user SET push_name = 'x' WHERE user_id = $1`, user.userId);
    await bob.look();
    later(pair);
    const read = pair.holdNextRead(user.userId);
    const began = pair.reader.clock.now();
    const looked = user.look();
    await read.done;
    await sql(`UPDATE bo_user SET role_id = '["admin"]' WHERE user_id = $1`, user.userId);
    // The wall clock is set back, so that it cannot tell which was first.
    later(pair);
    pair.reader.clock.set(began - 10);
    pair.reads.length = 0;
    await bob.look();
    expect(pair.reads).toEqual(['check']);
    pair.reader.clock.set(began + 100);
    pair.reader.clock.run();
    read.release();
    expect(await looked).toBe('roles guest');
    later(pair);
    expect(await user.look()).toBe('roles admin');
  });

  it('counts all as changed after very many changes', async () => {
    await settle(bob);
    await sql(
      `INSERT INTO bo_change (owner_id, user_id) ${numbers(1_001)} SELECT 'acme', 'many-' || i FROM n`,
    );
    expect(await bob.look()).toBe('roles ');
    expect(pair.reads).toEqual(['check', 'acme', 'acme/alice', 'acme/bob']);
    // Once more, as the first read may have come from a replica that lags.
    for (const reads of [['check', 'acme', 'acme/alice', 'acme/bob'], ['check']]) {
      later(pair);
      pair.reads.length = 0;
      await bob.look();
      expect(pair.reads).toEqual(reads);
    }
  });

  it('lets no copy decide for long that cannot be checked, and sees later what changed meanwhile', async () => {
    const user = await newUser();
    await settle(user);
    await user.look();
    await sql(`UPDATE bo_user SET role_id = '["admin"]' WHERE user_id = $1`, user.userId);
    pair.failure = new StoreUnavailable('down');
    expect(await user.look()).toBe('roles guest');
    later(pair);
    pair.reads.length = 0;
    expect(await user.look()).toBe('503 UNAVAILABLE');
    // The second is for the language of the error.
    expect(pair.reads).toEqual(['check', 'acme']);
    pair.failure = null;
    expect(await user.look()).toBe('roles admin');
  });

  it('does not delay the answer for a failure of the log alone', async () => {
    await settle(bob);
    pair.logFailure = new Error('no right to read it');
    expect(await bob.look()).toBe('roles ');
    expect(pair.reads).toEqual(['check', 'acme', 'acme/alice', 'acme/bob']);
    expect(pair.reader.log.join('\n')).toContain('no right to read it');
  });

  it('uses no copy for longer than ten minutes', async () => {
    await settle(bob);
    await touchAll();
    await refreshInPtdev();
    // What is read soon after a change is read again: it may have come from a replica that lags.
    later(pair);
    await refreshInPtdev();
    pair.reads.length = 0;
    pair.reader.clock.advance(9 * MINUTE_MS);
    await refreshInPtdev();
    expect(pair.reads).toEqual(['check']);
    pair.reader.clock.advance(MINUTE_MS);
    await refreshInPtdev();
    expect(pair.reads).toEqual(['check', 'check', 'ptdev', 'ptdev/ptdev']);
  });

  it('sees changes when the clock is set back to the time when a copy was read', async () => {
    const user = await newUser();
    await settle(user);
    // All copies are read at the same time, so that none needs a check before the others.
    await touchAll();
    for (let twice = 0; twice < 2; twice++) await user.look();
    const { clock } = pair.reader;
    const readAt = clock.now();
    clock.advance(MINUTE_MS);
    expect(await user.look()).toBe('roles guest');
    await sql(`UPDATE bo_user SET role_id = '["admin"]' WHERE user_id = $1`, user.userId);
    later(pair);
    clock.set(readAt + 100);
    clock.run();
    expect(await user.look()).toBe('roles admin');
  });

  it('reads all again when the log has gone back, as after a failover or a restore', async () => {
    await settle(bob);
    const log = pair.changeLog as unknown as { position: number };
    log.position += 1_000_000;
    expect(await bob.look()).toBe('roles ');
    expect(pair.reads).toEqual(['check', 'acme', 'acme/alice', 'acme/bob']);
  });

  it('keeps entries for an hour', async () => {
    await sql('UPDATE bo_change SET logged_at = logged_at - 3500000');
    await sql(`UPDATE bo_user SET push_name = 'y' WHERE user_id = 'bob'`);
    const cleanUp = pair.writer.app.get(CleanUp, { strict: false });
    const count = async () => (await sql('SELECT seq FROM bo_change')).length;
    const all = await count();
    await cleanUp.run();
    expect(await count()).toBe(all);
    await sql(`UPDATE bo_change SET logged_at = logged_at - 3500000`);
    await cleanUp.run();
    expect(await count()).toBe(1);
  });

  it('reads copies again while a trigger is missing, says so once, and works again when a start has created it', async () => {
    const user = await newUser();
    await settle(user);
    await sql(
      kind === 'sqlite'
        ? 'DROP TRIGGER bo_change_user_update'
        : 'ALTER TABLE bo_user DISABLE TRIGGER bo_change_user_row',
    );
    const before = pair.reader.log.length;
    for (const role of ['one', 'two', 'three']) {
      await sql(`UPDATE bo_user SET role_id = '["${role}"]' WHERE user_id = $1`, user.userId);
      expect(await user.look()).toBe(`roles ${role}`);
      later(pair);
    }
    const warnings = pair.reader.log.slice(before).filter((line) => line.includes('are not logged'));
    expect(warnings).toHaveLength(1);
    await migrateAgain();
    await settle(user);
    await user.look();
    expect(pair.reads).toEqual(['check']);
  });

  it('does without the log once its migration is undone, as a previous release would', async () => {
    const user = await newUser();
    await settle(user);
    await undoLastMigration(pair.writer.config.database);
    await sql(`UPDATE bo_user SET role_id = '["admin"]' WHERE user_id = $1`, user.userId);
    expect(await user.look()).toBe('roles admin');
    later(pair);
    await sql('DELETE FROM bo_user WHERE user_id = $1', user.userId);
    expect(await user.look()).toBe(GONE);
    await migrateAgain();
    await settle(bob);
    await bob.look();
    expect(pair.reads).toEqual(['check']);
  });

  if (kind === 'postgres') {
    it('misses no change that was numbered early and committed late', async () => {
      const [early, late] = [await newUser(), await newUser()];
      await settle(early, late);
      const client = new Client(pair.url);
      await client.connect();
      const change = `UPDATE bo_user SET role_id = '["admin"]' WHERE user_id = $1`;
      await client.query('BEGIN');
      await client.query(change, [early.userId]);
      await sql(change, late.userId);
      expect([await early.look(), await late.look()]).toEqual(['roles guest', 'roles admin']);
      later(pair);
      expect([await early.look(), await late.look()]).toEqual(['roles guest', 'roles admin']);
      await client.query('COMMIT');
      await client.end();
      later(pair);
      pair.reads.length = 0;
      expect([await early.look(), await late.look()]).toEqual(['roles admin', 'roles admin']);
      expect(new Set(pair.reads)).toEqual(new Set(['check', `acme/${early.userId}`]));
    });

    it('logs the changes of a role that may do nothing else', async () => {
      const user = await newUser();
      await settle(user);
      const client = new Client(pair.url);
      await client.connect();
      const role = fresh('role').replaceAll('-', '_');
      await client.query(`CREATE ROLE ${role}; GRANT SELECT, UPDATE ON bo_user TO ${role}; SET ROLE ${role}`);
      await client.query(`UPDATE bo_user SET role_id = '["admin"]' WHERE user_id = $1`, [user.userId]);
      await client.query(`RESET ROLE; REVOKE ALL ON bo_user FROM ${role}; DROP ROLE ${role}`);
      await client.end();
      expect(await user.look()).toBe('roles admin');
    });

    it('shows that a table was emptied', async () => {
      await settle(bob);
      await sql('CREATE TABLE kept AS SELECT * FROM bo_project');
      await sql('TRUNCATE bo_project');
      expect(await bob.look()).toBe('401 PROJECT_UNKNOWN');
      await sql('INSERT INTO bo_project SELECT * FROM kept');
    });
  } else {
    it.each(['user_id', 'user_name'])(
      'shows that a row with the same %s has replaced another',
      async (by) => {
        const user = await newUser();
        await settle(user);
        const columns = (await sql('SELECT name FROM pragma_table_info($1)', 'bo_user')).map(
          ({ name }) => name,
        );
        const other = (name: unknown) =>
          name === 'status'
            ? `'disabled'`
            : name === 'user_id' || name === 'user_name'
              ? `${name} || $2`
              : name;
        const values = columns.map((name) => (name === by ? name : other(name)));
        await sql(
          `INSERT OR REPLACE INTO bo_user SELECT ${values.join(', ')} FROM bo_user WHERE user_id = $1`,
          user.userId,
          '-other',
        );
        expect(await user.look()).toBe(GONE);
      },
    );
  }
});

/** A common table expression `n` with the numbers from 1 in its column `i`. */
const numbers = (count: number) =>
  `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
