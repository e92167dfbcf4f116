import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import type { Introspected } from '../../src/auth/introspection.js';
import { SessionStore } from '../../src/auth/session/session.store.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import {
  GRACE_MS,
  call,
  claimsOf,
  dataOf,
  encryptByDES,
  login,
  refresh,
  refusalOf,
  startApp,
  type TestApp,
} from '../support/app.js';

let test: TestApp;
beforeAll(async () => {
  test = await startApp();
});
afterAll(() => test.close());

const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));
const sidOf = ({ accessToken }: Pick<TokenGrant, 'accessToken'>) => claimsOf(accessToken)['sid'];

/** More logins than can be hashed within the time that they may wait. */
async function patientLogin(payload: object): Promise<TokenGrant> {
  for (;;) {
    const answer = await call<TokenGrant>(test, {
      method: 'POST',
      url: '/auth/token',
      owner: 'acme',
      payload,
    });
    if (answer.status !== 503) return dataOf(answer);
  }
}

it('two hundred parallel logins and refreshes lose nothing and mix nothing up', async () => {
  const chains = await times(100, async (index) => {
    const user = index % 2 === 0 ? 'alice' : 'bob';
    const clientId = `client-${index}`;
    const grants = [await patientLogin({ userName: user, password: `${user}-password`, clientId })];
    for (let step = 0; step < 3; step++) {
      // Twice at once, as two tabs do, while the other chains do the same.
      const answers = await times(2, () => refresh(test, grants.at(-1)!.refreshToken));
      const [first, second] = answers.map(dataOf);
      expect(first?.refreshToken).toBe(second?.refreshToken);
      expect(first?.tokenSeq).toBe(step + 2);
      grants.push(first!);
    }
    for (const grant of grants) {
      expect(grant).toMatchObject({ clientId, tokenUser: { userId: user, clientId } });
      expect(claimsOf(grant.accessToken)).toMatchObject({ id: user, client_id: clientId, owner_id: 'acme' });
      expect(sidOf(grant)).toBe(sidOf(grants[0]!));
    }
    return grants;
  });
  expect(new Set(chains.map(([first]) => sidOf(first!))).size).toBe(100);
  expect(new Set(chains.flat().map(({ refreshToken }) => refreshToken)).size).toBe(400);
  const rows = await test.sql<{ id: string; generation: number; token_seq: number; client_id: string }>(
    `SELECT * FROM bo_auth_session WHERE client_id LIKE 'client-%'`,
  );
  expect(rows).toHaveLength(100);
  for (const row of rows) expect(row).toMatchObject({ generation: 3, token_seq: 4 });
  const stored = new Map(rows.map(({ id, client_id }) => [id, client_id]));
  chains.forEach(([first], index) => expect(stored.get(String(sidOf(first!)))).toBe(`client-${index}`));
});

it('fifty parallel refreshes of one token: fifty 200s, one distinct successor, one generation', async () => {
  const { refreshToken, accessToken } = await login(test);
  const grants = (await times(50, () => refresh(test, refreshToken))).map(dataOf);
  expect(new Set(grants.map((grant) => grant.refreshToken)).size).toBe(1);
  expect(new Set(grants.map((grant) => grant.tokenSeq))).toEqual(new Set([2]));
  expect(new Set(grants.map((grant) => grant.accessToken)).size).toBe(50);
  const [row] = await test.sql('SELECT * FROM bo_auth_session WHERE id = $1', String(sidOf({ accessToken })));
  expect(row).toMatchObject({ generation: 1, branch: 0, token_seq: 2 });
  expect((await refresh(test, grants[0]!.refreshToken)).status).toBe(200);
});

it('a revocation among fifty refreshes: none that begins after its answer succeeds', async () => {
  const { refreshToken } = await login(test);
  let revoked = false;
  const refreshes = times(50, async (index) => {
    await new Promise((resolve) => {
      setTimeout(resolve, index % 10);
    });
    const late = revoked;
    return { late, status: (await refresh(test, refreshToken)).status };
  });
  await call(test, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } });
  revoked = true;
  const outcomes = await refreshes;
  expect(outcomes.filter(({ late, status }) => late && status === 200)).toEqual([]);
  for (const { status } of outcomes) expect([200, 401]).toContain(status);
  expect((await refresh(test, refreshToken)).status).toBe(401);
});

it('twenty parallel revocations: each says so, and one event is written', async () => {
  const { refreshToken, accessToken } = await login(test);
  const answers = await times(20, () =>
    call(test, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } }),
  );
  for (const answer of answers) expect(dataOf(answer)).toEqual({ revoked: true });
  const events = await test.sql(
    `SELECT * FROM bo_auth_event WHERE session_id = $1 AND kind = 'revoked'`,
    String(sidOf({ accessToken })),
  );
  expect(events).toHaveLength(1);
});

it('reuse found by ten at once ends the family once, with one event', async () => {
  const first = await login(test);
  const second = dataOf(await refresh(test, first.refreshToken));
  await refresh(test, second.refreshToken);
  test.clock.advance(GRACE_MS + 1);
  const answers = await times(10, () => refresh(test, first.refreshToken));
  const outcomes = new Set(answers.map(refusalOf));
  expect(outcomes).toContain('401 REFRESH_TOKEN_REUSED');
  expect([...outcomes].every((each) => each.startsWith('401 REFRESH_TOKEN_'))).toBe(true);
  const events = await test.sql(
    `SELECT * FROM bo_auth_event WHERE session_id = $1 AND kind = 'reused'`,
    String(sidOf(first)),
  );
  expect(events).toHaveLength(1);
});

describe('a request that loses races', () => {
  /** Lets the first `count` writes of a session miss, as if another request had been faster. */
  async function losing<T>(step: 'move' | 'end', count: number, work: () => Promise<T>) {
    const store = test.app.get(SessionStore, { strict: false });
    let tries = 0;
    const missing = (): Promise<boolean> | null => (++tries <= count ? Promise.resolve(false) : null);
    const { move, end } = { move: store.move.bind(store), end: store.end.bind(store) };
    if (step === 'move') store.move = (...values) => missing() ?? move(...values);
    else store.end = (...values) => missing() ?? end(...values);
    try {
      return { answer: await work(), tries };
    } finally {
      Reflect.deleteProperty(store, step);
    }
  }

  it.each(['move', 'end'] as const)('judges again up to eight times in all: %s', async (step) => {
    const first = await login(test);
    const second = dataOf(await refresh(test, first.refreshToken));
    const third = dataOf(await refresh(test, second.refreshToken));
    if (step === 'end') test.clock.advance(GRACE_MS + 1);
    const token = step === 'end' ? first.refreshToken : third.refreshToken;
    const lost = await losing(step, 8, () => refresh(test, token));
    expect([refusalOf(lost.answer), lost.answer.headers['retry-after'], lost.tries]).toEqual([
      '503 UNAVAILABLE',
      '1',
      8,
    ]);
    const won = await losing(step, 7, () => refresh(test, token));
    expect([refusalOf(won.answer), won.tries]).toEqual([
      step === 'end' ? '401 REFRESH_TOKEN_REUSED' : '200 null',
      8,
    ]);
  });
});

it('one GUID for fifty tokens at once: one gets through', async () => {
  const grants = await times(5, () => login(test));
  const verify = encryptByDES(randomUUID(), 'acme-key');
  const answers = await times(50, (index) => refresh(test, grants[index % 5]!.refreshToken, { verify }));
  const through = answers.flatMap((answer, index) => (answer.status === 200 ? [index % 5] : []));
  expect(new Set(through).size).toBe(1);
  expect(through).toHaveLength(10);
});

describe('two services on one database', () => {
  let other: TestApp;
  let one: TestApp;
  const folder = mkdtempSync(join(tmpdir(), 'bo-two-'));
  beforeAll(async () => {
    const env = { DATABASE_URL: `sqlite:${join(folder, 'shared.sqlite')}` };
    one = await startApp(env);
    other = await startApp(env);
  });
  afterAll(async () => {
    await one.close();
    await other.close();
    rmSync(folder, { recursive: true });
  });

  it('fifty parallel refreshes of one token over both: one distinct successor', async () => {
    const { refreshToken } = await login(one);
    const answers = await times(50, (index) => refresh(index % 2 === 0 ? one : other, refreshToken));
    const grants = answers.map(dataOf);
    expect(new Set(grants.map((grant) => `${grant.tokenSeq} ${grant.refreshToken}`)).size).toBe(1);
    expect((await refresh(other, grants[0]!.refreshToken)).status).toBe(200);
  });

  it('what one has moved on, the other does not move back, whatever its copy says', async () => {
    const first = await login(one);
    const second = dataOf(await refresh(one, first.refreshToken));
    // This copy of `one` is the newest it knows; the session moves on elsewhere.
    const third = dataOf(await refresh(other, second.refreshToken));
    const fourth = dataOf(await refresh(other, third.refreshToken));
    expect(refusalOf(await refresh(one, second.refreshToken))).toBe('409 REFRESH_TOKEN_SUPERSEDED');
    expect(dataOf(await refresh(one, fourth.refreshToken)).tokenSeq).toBe(5);
  });

  it('a late replay at one keeps its effect, though the other rotates on what it knew before', async () => {
    for (const test of [one, other]) test.clock.stop();
    try {
      const elapse = (ms: number) => [one, other].forEach(({ clock }) => clock.advance(ms));
      const first = await login(one);
      const lost = dataOf(await refresh(one, first.refreshToken));
      elapse(59_000);
      const second = dataOf(await refresh(other, first.refreshToken));
      expect(second.refreshToken).toBe(lost.refreshToken);
      const third = dataOf(await refresh(one, second.refreshToken));
      // The client's other tab, which asked together with the first and comes after the window's end.
      elapse(1_001);
      expect(refusalOf(await refresh(other, first.refreshToken))).toBe('409 REFRESH_TOKEN_SUPERSEDED');
      expect(dataOf(await refresh(one, third.refreshToken)).tokenSeq).toBe(4);
    } finally {
      for (const test of [one, other]) test.clock.run();
    }
  });

  it('a rotation of a session that the other has revoked is refused at once', async () => {
    const first = await login(one);
    const second = dataOf(await refresh(one, first.refreshToken));
    await call(other, {
      method: 'POST',
      url: '/auth/token/revoke',
      payload: { refreshToken: second.refreshToken },
    });
    expect(refusalOf(await refresh(one, second.refreshToken))).toBe('401 SESSION_LOGGED_OUT');
  });

  it('a revocation by the other stops the access tokens within the bound', async () => {
    const { accessToken: bearer, refreshToken } = await login(one);
    const ask = async () => refusalOf(await call(one, { url: '/auth/user', bearer }));
    expect(await ask()).toBe('200 null');
    await call(other, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } });
    one.clock.advance(STALENESS_MS + 1);
    expect(await ask()).toBe('401 SESSION_LOGGED_OUT');
  });

  it('a revocation by the other is introspected within the bound', async () => {
    const { refreshToken } = await login(one);
    const ask = async () => {
      const payload = { token: refreshToken };
      const answer = await call<Introspected>(one, {
        method: 'POST',
        url: '/auth/token/introspect',
        payload,
      });
      return dataOf(answer).active;
    };
    expect(await ask()).toBe(true);
    await call(other, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } });
    one.clock.advance(STALENESS_MS + 1);
    expect(await ask()).toBe(false);
  });
});
