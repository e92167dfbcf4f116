import { ChainVerification } from '../../src/audit/chain-verification.js';
import { TABLES_WITH_USERS } from '../../src/admin/user/user-rows.js';
import { UsualNetworks } from '../../src/auth/lock-out/usual-networks.js';
import { EventChain } from '../../src/audit/event-chain.js';
import { SqlDatabase } from '../../src/database/sql-database.js';
import { type Answer, call, login, refresh, refusalOf, startApp, type TestApp } from '../support/app.js';
import { TestDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/temporary.js';
import { fresh, OPERATOR, sha256 } from './administration.js';

describe.each(['sqlite', 'postgres'] as const)('deleting a user, on %s', (kind) => {
  const folder = temporaryFolder();
  let postgres: TestDatabase | null = null;
  let a: TestApp;
  /** Another process on the same database; both have no Redis. */
  let b: TestApp;
  beforeAll(async () => {
    if (kind === 'postgres') postgres = await TestDatabase.create();
    const env = {
      OPERATOR_TOKEN_HASH: sha256(OPERATOR),
      DATABASE_URL: postgres?.url ?? `sqlite:${folder.path}/deletion.sqlite`,
    };
    a = await startApp(env);
    b = await startApp(env);
  });
  afterAll(async () => {
    await Promise.all([a?.close(), b?.close()]);
    await postgres?.drop();
    folder.remove();
  });

  const admin = (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object, bearer = OPERATOR) =>
    call<{ ended: number }>(a, { method, url: `/admin/projects/acme${path}`, bearer, payload });
  const remove = (userId: string, bearer?: string) =>
    admin('DELETE', `/users/${encodeURIComponent(userId)}`, undefined, bearer);
  /** A user who may administer, and whose password is `<userId>-password`. */
  async function newUser(userId = fresh('%u_"'), developer = 1): Promise<string> {
    const password = `${userId}-password`;
    const added = await admin('POST', '/users', { userId, userName: userId, developer, password });
    expect(added.status).toBe(201);
    return userId;
  }
  const eventsNaming = (text: string) =>
    a.sql<{ user_id: string; detail: string; kind: string }>(
      `SELECT user_id, detail, kind FROM bo_auth_event WHERE user_id = $1 OR detail LIKE $2 ESCAPE '!' ORDER BY id`,
      text,
      `%${JSON.stringify(text).replaceAll(/[%_]/g, '_')}%`,
    );
  const sealAll = async () => {
    while ((await a.sql('SELECT id FROM bo_auth_event WHERE chain_seq IS NULL LIMIT 1')).length > 0)
      await a.app.get(EventChain, { strict: false }).seal();
  };
  const verified = () => {
    const database = a.app.get(SqlDatabase, { strict: false });
    return new ChainVerification(a.app.get(EventChain, { strict: false }), database, null).run();
  };

  it('removes the user everywhere, and leaves one pseudonym in an unbroken trail', async () => {
    const [userId, other] = [await newUser(), await newUser()];
    await call(a, { method: 'POST', url: '/auth/token', payload: { userName: userId, password: 'wrong' } });
    const grants = [await login(a, { user: userId }), await login(b, { user: userId })] as const;
    const shared = { XuserFromFirstShareId: userId };
    await login(a, { user: other, headers: shared });
    await sealAll();
    // Names the user as the one who acts, and is sealed only after the deletion.
    expect(
      (await admin('POST', `/users/${encodeURIComponent(other)}/disable`, undefined, grants[0].accessToken))
        .status,
    ).toBe(200);
    const before = await eventsNaming(userId);
    expect(before.length).toBeGreaterThanOrEqual(6);

    expect((await remove(userId)).body.data).toEqual({ ended: 2 });

    expect(await eventsNaming(userId)).toEqual([]);
    const [deletion] = await a.sql<{ user_id: string; detail: string }>(
      `SELECT user_id, detail FROM bo_auth_event WHERE kind = 'user-deleted' ORDER BY id DESC LIMIT 1`,
    );
    expect(JSON.parse(deletion?.detail ?? '')).toMatchObject({ by: 'operator', ended: 2 });
    const pseudonym = deletion?.user_id ?? '';
    expect(pseudonym).toMatch(/^deleted:[\w-]{22}$/);
    expect(await eventsNaming(pseudonym)).toHaveLength(before.length + 1);
    expect(await verified()).toMatchObject({ faultCount: 0 });

    for (const table of TABLES_WITH_USERS)
      expect(await a.sql(`SELECT user_id FROM ${table} WHERE user_id = $1`, userId)).toEqual([]);
    expect((await remove(userId)).body.error.errorCode).toBe('USER_UNKNOWN');
  });

  it('makes the tokens unknown, in every process', async () => {
    const userId = await newUser();
    const grant = await login(b, { user: userId });
    const introspect = (test: TestApp) =>
      call<{ active: boolean }>(test, {
        method: 'POST',
        url: '/auth/token/introspect',
        payload: { token: grant.accessToken },
      });
    expect((await introspect(b)).body.data).toMatchObject({ active: true });
    await remove(userId);
    expect(refusalOf(await refresh(a, grant.refreshToken))).toBe('401 REFRESH_TOKEN_EXPIRED');
    expect(refusalOf(await refresh(b, grant.refreshToken))).toBe('401 REFRESH_TOKEN_EXPIRED');
    b.clock.advance(5_001);
    expect((await introspect(b)).body.data).toEqual({ active: false });
    const again: Answer = await call(b, {
      method: 'POST',
      url: '/auth/token',
      payload: { userName: userId, password: `${userId}-password` },
    });
    expect(refusalOf(again)).toBe('401 CREDENTIALS_REFUSED');
    // A new user of the same name inherits nothing.
    await newUser(userId);
    expect(refusalOf(await refresh(b, grant.refreshToken))).toBe('401 REFRESH_TOKEN_EXPIRED');
  });

  it('leaves no session of a login that is under way', async () => {
    const userId = await newUser();
    const payload = { userName: userId, password: `${userId}-password` };
    const logins = [a, b, a, b].map((test) => call(test, { method: 'POST', url: '/auth/token', payload }));
    await Promise.race(logins);
    expect((await remove(userId)).status).toBe(200);
    for (const answer of await Promise.all(logins)) expect([200, 401]).toContain(answer.status);
    expect(await a.sql('SELECT id FROM bo_auth_session WHERE user_id = $1', userId)).toEqual([]);
    expect(await eventsNaming(userId)).toEqual([]);
  });

  it('erases an event that is committed after the deletion, but none of a new user with the same id', async () => {
    const userId = await newUser();
    const late = () =>
      a.sql(
        `INSERT INTO bo_auth_event (at, owner_id, user_id, kind, detail) VALUES (1, 'acme', $1, 'login', $2)`,
        userId,
        JSON.stringify({ byUserId: userId, clientId: 'an-app' }),
      );
    await remove(userId);
    await late();
    await sealAll();
    expect(await eventsNaming(userId)).toEqual([]);
    await newUser(userId);
    await late();
    await sealAll();
    expect((await eventsNaming(userId)).map((event) => event.kind)).toEqual(['user-added', 'login']);
    expect(await verified()).toMatchObject({ faultCount: 0 });
  });

  it('erases very many events without keeping other writes waiting', async () => {
    const userId = await newUser();
    const database = a.app.get(SqlDatabase, { strict: false });
    const detail = JSON.stringify({ clientId: userId });
    await database.transact((transaction) =>
      transaction.all(
        `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5201)
         INSERT INTO bo_auth_event (at, owner_id, user_id, session_id, kind, detail)
         SELECT $1, 'acme', $2, NULL, 'login', $3 FROM numbers`,
        [Date.now(), userId, detail],
      ),
    );
    await sealAll();
    let transactions = 0;
    const transact = database.transact.bind(database);
    const counted: SqlDatabase['transact'] = (work, options) => {
      transactions++;
      return transact(work, options);
    };
    Object.assign(database, { transact: counted });
    expect((await remove(userId)).status).toBe(200);
    Reflect.deleteProperty(database, 'transact');
    expect(transactions).toBeGreaterThan(20);
    expect(await eventsNaming(userId)).toEqual([]);
    expect(await verified()).toMatchObject({ faultCount: 0 });
  });

  it('answers 503 as long as the chain of the trail is unusable', async () => {
    const userId = await newUser();
    await sealAll();
    const [row] = await a.sql<{ signature: string }>('SELECT signature FROM bo_event_chain');
    await a.sql('UPDATE bo_event_chain SET signature = $1', 'x');
    const refused = await remove(userId);
    await a.sql('UPDATE bo_event_chain SET signature = $1', row?.signature ?? '');
    expect(refused.status).toBe(503);
    expect((await remove(userId)).status).toBe(200);
  });

  it('deletes all or nothing', async () => {
    const userId = await newUser();
    const grant = await login(a, { user: userId });
    const events = await eventsNaming(userId);
    await a.sql(
      kind === 'sqlite'
        ? `CREATE TRIGGER fails BEFORE UPDATE ON bo_auth_event BEGIN SELECT RAISE(ABORT, 'no'); END`
        : `CREATE RULE fails AS ON UPDATE TO bo_auth_event DO ALSO SELECT 1/0`,
    );
    try {
      expect((await remove(userId)).status).toBeGreaterThanOrEqual(500);
    } finally {
      await a.sql(kind === 'sqlite' ? 'DROP TRIGGER fails' : 'DROP RULE fails ON bo_auth_event');
    }
    expect((await refresh(a, grant.refreshToken)).status).toBe(200);
    expect(await eventsNaming(userId)).toHaveLength(events.length);
  });

  it('is for the operator and developers of the project, but not for the last one on their own', async () => {
    const [first, second, plain] = [await newUser(), await newUser(), await newUser(undefined, 0)];
    const token = async (user: string) => (await login(a, { user })).accessToken;
    expect(refusalOf(await remove(first, await token(plain)))).toBe('403 ADMIN_FORBIDDEN');
    await a.sql(
      `UPDATE bo_user SET developer = 0 WHERE owner_id = 'acme' AND user_id NOT IN ($1, $2)`,
      first,
      second,
    );
    const firstToken = await token(first);
    expect((await remove(second, firstToken)).status).toBe(200);
    expect(refusalOf(await remove(first, firstToken))).toBe('409 LAST_DEVELOPER');
    const third = await newUser();
    // By themself: the event names nobody any more.
    expect((await remove(third, await token(third))).status).toBe(200);
    expect(await eventsNaming(third)).toEqual([]);
    expect((await remove(first)).status).toBe(200);
  });

  it('notes no network of a user who is gone', async () => {
    const networks = a.app.get(UsualNetworks, { strict: false });
    const userId = await newUser();
    await networks.note('acme', userId, '192.0.2.0/24', Date.now());
    expect(await networks.has('acme', userId, '192.0.2.0/24', Date.now())).toBe(true);
    expect((await remove(userId)).status).toBe(200);
    await networks.note('acme', userId, '198.51.100.0/24', Date.now());
    expect(await networks.has('acme', userId, '198.51.100.0/24', Date.now())).toBe(false);
  });

  it('reaches every table that has a user', async () => {
    const tables = await a.sql<{ name: string }>(
      kind === 'sqlite'
        ? `SELECT m.name AS name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c WHERE c.name = 'user_id'`
        : `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'user_id'`,
    );
    expect(tables.map(({ name }) => name).toSorted()).toEqual(
      [...TABLES_WITH_USERS, 'bo_auth_event', 'bo_change'].toSorted(),
    );
  });
});
