import { SigningKeys } from '../../src/auth/access-token/signing-keys.js';
import { call, claimsOf, dataOf, login, refresh, startApp, type TestApp } from '../support/app.js';
import { addClient, type Client } from '../support/oauth.js';
import { eventually, freePort, temporaryFolder } from '../support/temporary.js';
import { signWith } from '../auth/signing-key-service.js';
import { RESOURCE_SERVERS, type ResourceServer, time } from './resource-servers.js';

const MAX_STALE_SECONDS = 60;

let test: TestApp;
const folder = temporaryFolder();
let env: Record<string, string>;
let client: Client;
const servers = new Map<string, ResourceServer>();
/** The servers that have noticed that the service is out of reach. */
const outOfReach = new Set<string>();

beforeAll(async () => {
  env = {
    DATABASE_URL: `sqlite:${folder.path}/bo.sqlite`,
    PORT: String(await freePort()),
    PUBLIC_URL: 'https://auth.example.com',
  };
  test = await startService();
  client = await addClient(test, { clientId: 'orders', type: 'confidential' });
  for (const [name, start] of Object.entries(RESOURCE_SERVERS))
    servers.set(
      name,
      await start({
        url: `http://127.0.0.1:${env['PORT']}`,
        ownerId: 'acme',
        secret: test.config.jwtSecret,
        feed: { ...client, maxStaleSeconds: MAX_STALE_SECONDS },
        onError: () => outOfReach.add(name),
      }),
    );
});
afterAll(async () => {
  for (const server of servers.values()) await server.close();
  await test.close();
  folder.remove();
});

async function startService(): Promise<TestApp> {
  const service = await startApp(env);
  await service.app.listen({ host: '127.0.0.1', port: Number(env['PORT']) });
  return service;
}

const get = async (name: string, path: string, token?: string) => {
  const response = await fetch(`${servers.get(name)!.url}${path}`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  const challenge = response.headers.get('www-authenticate');
  return { status: response.status, headers: response.headers, challenge, text: await response.text() };
};
const statusOf = async (name: string, token: string) => (await get(name, '/me', token)).status;

describe.each(Object.keys(RESOURCE_SERVERS))('a resource server with %s', (name) => {
  it('knows who calls, and refuses all others as the standards say', async () => {
    const { accessToken } = await login(test);
    expect(await get(name, '/me', accessToken)).toMatchObject({ status: 200, text: '{"caller":"alice"}' });
    expect(await get(name, '/public')).toMatchObject({ status: 200 });
    expect(await get(name, '/me')).toMatchObject({ status: 401, challenge: 'Bearer' });
    expect(await get(name, '/me', 'unknown')).toMatchObject({
      status: 401,
      challenge: expect.stringMatching(/^Bearer error="invalid_token"/) as string,
    });
    expect(await get(name, '/admin', accessToken)).toMatchObject({
      status: 403,
      challenge: expect.stringMatching(/^Bearer error="insufficient_scope"/) as string,
    });
  });

  it('refuses a session that was revoked with the next answer of the feed', async () => {
    const revoked = await login(test);
    const other = await login(test);
    expect(await statusOf(name, revoked.accessToken)).toBe(200);
    const before = servers.get(name)!.feedAnswers();
    const { refreshToken } = revoked;
    expect(
      (await call(test, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } })).status,
    ).toBe(200);
    await eventually('refused', async () => (await statusOf(name, revoked.accessToken)) === 401);
    // One that was under way may have come too early.
    expect(servers.get(name)!.feedAnswers() - before).toBeLessThanOrEqual(3);
    expect(await statusOf(name, other.accessToken)).toBe(200);
  });

  it('refuses all sessions of a user who was logged out everywhere, and lets them sign in again', async () => {
    const sessions = [await login(test, { user: 'bob' }), await login(test, { user: 'bob' })];
    const bearer = sessions[0]!.accessToken;
    expect((await call(test, { method: 'DELETE', url: '/auth/sessions?scope=all', bearer })).status).toBe(
      200,
    );
    const { accessToken } = await login(test, { user: 'bob' });
    for (const each of sessions)
      await eventually('refused', async () => (await statusOf(name, each.accessToken)) === 401);
    expect(await statusOf(name, accessToken)).toBe(200);
  });
});

it('no resource server refuses a token while the project changes its keys', async () => {
  const failures: string[] = [];
  const algorithms = new Map<string, number>();
  let grant = await login(test);
  const tokens = [grant.accessToken];
  let rounds = 0;
  let isOver = false;
  const load = (async () => {
    for (; !isOver && failures.length === 0; rounds++) {
      grant = dataOf(await refresh(test, grant.refreshToken));
      tokens.push(grant.accessToken);
      const old = tokens[Math.floor(Math.random() * tokens.length)]!;
      const seen = await Promise.all(
        [...servers.keys()].flatMap((name) =>
          [grant.accessToken, old].map(
            async (token) => [name, token, await get(name, '/me', token)] as const,
          ),
        ),
      );
      for (const [name, token, { status, text }] of seen) {
        const header = JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as {
          alg: string;
        };
        algorithms.set(header.alg, (algorithms.get(header.alg) ?? 0) + 1);
        if (status !== 200) failures.push(`${name}: ${header.alg} ${status} ${text.slice(0, 200)}`);
      }
    }
  })().catch((error: unknown) => failures.push(String(error)));
  const someRounds = async () => {
    const enough = rounds + 3;
    await eventually('rounds', () => Promise.resolve(rounds >= enough || failures.length > 0), 60_000);
  };
  try {
    await someRounds();
    const kid = await signWith(test, 'acme', 'ES256');
    await someRounds();
    const next = await signWith(test, 'acme', 'RS256');
    await someRounds();
    const keys = test.app.get(SigningKeys, { strict: false });
    expect((await keys.demote('acme', next)).kind).toBe('demoted');
    await someRounds();
    expect((await keys.promote('acme', kid, { force: true })).kind).toBe('promoted');
    await someRounds();
  } finally {
    isOver = true;
    await load;
  }
  expect(failures).toEqual([]);
  expect([...algorithms.keys()].toSorted()).toEqual(['ES256', 'HS256', 'RS256']);
});

it('an outage is survived for as long as allowed, and then ends in 503 until the service is back', async () => {
  const { accessToken } = await login(test);
  const revoked = await login(test);
  const { refreshToken } = revoked;
  await call(test, { method: 'POST', url: '/auth/token/revoke', payload: { refreshToken } });
  const all = async (token: string) =>
    Promise.all(
      [...servers.keys()].map((name) => statusOf(name, token).then((status) => `${name}: ${status}`)),
    );
  const expected = (status: number) => [...servers.keys()].map((name) => `${name}: ${status}`);
  await eventually('refused', async () => String(await all(revoked.accessToken)) === String(expected(401)));

  outOfReach.clear();
  await test.close();
  await eventually('noticed', async () => outOfReach.size === servers.size);
  expect(await all(accessToken)).toEqual(expected(200));
  time.monotonic += MAX_STALE_SECONDS * 1000;
  expect(await all(accessToken)).toEqual(expected(200));
  time.monotonic += 1_000;
  expect(await all(accessToken)).toEqual(expected(503));
  const [name = ''] = servers.keys();
  expect((await get(name, '/me', accessToken)).headers.get('retry-after')).toBe('5');
  // What is known for certain is said as before.
  expect(await all(revoked.accessToken)).toEqual(expected(401));

  test = await startService();
  await eventually('accepted', async () => String(await all(accessToken)) === String(expected(200)), 30_000);
  expect(await all(revoked.accessToken)).toEqual(expected(401));
  expect(claimsOf(accessToken)['sid']).not.toBe(claimsOf(revoked.accessToken)['sid']);
});
