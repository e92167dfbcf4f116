import { hash, verify } from '@node-rs/argon2';
import * as fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { promisify } from 'node:util';
import { isArgon2id } from '../../src/auth/password/argon2-hash.js';
import { HashQueue } from '../../src/auth/password/hash-queue.js';
import { loginReports } from '../../src/auth/login/login-report.js';
import {
  API,
  call,
  encryptByDES,
  login,
  refusalOf,
  startApp,
  type TestApp,
  VERIFY_KEYS,
} from '../support/app.js';
import { compareEachTime } from '../support/argon2.js';
import { eventually } from '../support/temporary.js';

const OWN = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

compareEachTime();

let test: TestApp;
beforeAll(async () => {
  test = await startApp();
  // The floods here are of wrong passwords.
  await test.sql('UPDATE bo_project SET login_max_failures = 0');
});
afterAll(() => test.close());

const signIn = (userName: string, password: string, owner = 'acme') =>
  call(test, { method: 'POST', url: '/auth/token', owner, payload: { userName, password } });

async function storedHash(): Promise<string> {
  const [row] = await test.sql<{ password_hash: string }>(
    `SELECT password_hash FROM bo_user WHERE owner_id = 'acme' AND user_id = 'bob'`,
  );
  return row?.password_hash ?? '';
}

const store = (passwordHash: string) =>
  test.sql(`UPDATE bo_user SET password_hash = $1 WHERE owner_id = 'acme' AND user_id = 'bob'`, passwordHash);

describe('a hash with other parameters than our own', () => {
  it.each([
    ['cheaper', { memoryCost: 1024, timeCost: 1, parallelism: 1 }],
    ['costlier than an import may be today', { memoryCost: 1024, timeCost: 2, parallelism: 8 }],
    ['of argon2i', { algorithm: 1, memoryCost: 1024 }],
  ])('%s: is replaced at the first login', async (_, parameters) => {
    const theirs = await hash('bob-password', parameters);
    await store(theirs);
    expect(refusalOf(await signIn('bob', 'wrong'))).toBe('401 CREDENTIALS_REFUSED');
    expect(await storedHash()).toBe(theirs);
    await login(test, { user: 'bob' });
    const renewed = await storedHash();
    expect(renewed).toMatch(OWN);
    await login(test, { user: 'bob' });
    expect(await storedHash()).toBe(renewed);
  });
});

it.each([
  '',
  'x',
  '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$AAAA',
  `$argon2id$v=19$m=4,t=1,p=1$${'A'.repeat(60)}`,
])('a stored hash that cannot be read (%s) is a wrong password, and is logged', async (passwordHash) => {
  const before = await storedHash();
  await store(passwordHash);
  const mark = test.log.length;
  const answer = await signIn('bob', 'bob-password');
  await store(before);
  expect(answer.text).toBe((await signIn('nobody', 'bob-password')).text);
  expect(test.log.slice(mark).join('\n')).toContain('a user of acme has a password hash that cannot be read');
});

it('what an import takes, a login can read', async () => {
  const phc = '$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMjM0NTY$RdescudvJCsgt3ub+b4dWRWJTmaaJObG';
  const pieces = fc.constantFrom(
    ...phc.split(/(?=[$,=])/),
    '$',
    ',keyid=AAAA',
    'p=2',
    '0',
    '+',
    'B',
    '\0',
    'é',
  );
  const edited = fc
    .tuple(fc.nat(phc.length), fc.nat(6), fc.array(pieces, { maxLength: 2 }))
    .map(([at, cut, added]) => phc.slice(0, at) + added.join('') + phc.slice(at + cut));
  await fc.assert(
    fc.asyncProperty(edited, async (text) => {
      if (isArgon2id(text)) expect(await verify(text, 'x')).toBe(false);
      else if (text.startsWith('$argon2id$v=19$')) await expect(verify(text, 'x')).rejects.toThrow();
    }),
    { numRuns: 500 },
  );
  expect(isArgon2id(phc)).toBe(true);
});

describe('hashes wait in turn', () => {
  /** A queue whose one place is taken until `release`, and the order in which the others ran. */
  function occupied(maxWaitMs?: number) {
    const queue = new HashQueue(1, maxWaitMs);
    const ran: string[] = [];
    let release = (): void => undefined;
    const first = queue.run(
      { ownerId: '-', network: '' },
      () => new Promise<void>((done) => (release = done)),
    );
    const add = (ownerId: string, network: string, signal?: AbortSignal) =>
      queue.run({ ownerId, network, ...(signal && { signal }) }, async () => {
        ran.push(`${ownerId}/${network}`);
      });
    const goOn = (ownerId: string, network: string) =>
      queue.goOn({ ownerId, network }, async () => {
        ran.push(`${ownerId}/${network} goes on`);
      });
    return { add, goOn, ran, release: () => (release(), first) };
  }

  it('by project, then by network', async () => {
    const { add, ran, release } = occupied();
    const all = [];
    for (let sent = 0; sent < 4; sent++) all.push(add('a', '1'));
    all.push(add('a', '2'), add('b', '1'), add('a', '2'), add('b', '1'));
    await new Promise(setImmediate);
    await release();
    await Promise.all(all);
    expect(ran).toEqual(['a/1', 'b/1', 'a/2', 'b/1', 'a/1', 'a/2', 'a/1', 'a/1']);
  });

  it('and the next hash of a login before others of its project, but after those of other projects', async () => {
    const { add, goOn, ran, release } = occupied();
    const all = [add('a', '1'), add('b', '1'), add('a', '2'), add('b', '1')];
    all.push(goOn('a', '2'), add('b', '2'));
    await new Promise(setImmediate);
    await release();
    await Promise.all(all);
    expect(ran).toEqual(['a/2 goes on', 'b/1', 'a/1', 'b/2', 'a/2', 'b/1']);
  });

  it('and those of clients that disconnected are not computed', async () => {
    const { add, ran, release } = occupied();
    const gone = new AbortController();
    const dropped = add('a', '1', gone.signal);
    const kept = add('a', '1');
    gone.abort();
    await expect(dropped).rejects.toMatchObject({ errorCode: 'UNAVAILABLE' });
    await expect(add('a', '1', gone.signal)).rejects.toMatchObject({ errorCode: 'UNAVAILABLE' });
    await new Promise(setImmediate);
    await release();
    await kept;
    expect(ran).toEqual(['a/1']);
  });

  it('for a while if they are of a client, and for as long as it takes if they are of an administrator', async () => {
    const { add, ran, release } = occupied(1);
    const ofAdministrator = add('a', '');
    await expect(add('a', '1')).rejects.toMatchObject({ errorCode: 'UNAVAILABLE', retryAfter: 1 });
    await release();
    await ofAdministrator;
    expect(ran).toEqual(['a/']);
  });

  it('only so many of one network and one project', async () => {
    const { add, release } = occupied();
    const refusals = async (count: number, ownerId: string, network: string) => {
      let refused = 0;
      for (let sent = 0; sent < count; sent++) add(ownerId, network).catch(() => refused++);
      await new Promise(setImmediate);
      return refused;
    };
    expect(await refusals(300, 'a', '1')).toBe(50);
    expect(await refusals(1, 'a', '2')).toBe(0);
    for (let network = 3; network < 6; network++) await refusals(250, 'a', String(network));
    expect(await refusals(1, 'a', '9')).toBe(1);
    expect(await refusals(1, 'b', '1')).toBe(0);
    await release();
  });
});

it('a flood of logins in one project does not keep another waiting', async () => {
  const answered: string[] = [];
  const flood = Array.from({ length: 24 }, async () => {
    await signIn('dev', 'wrong', 'ptdev');
    answered.push('ptdev');
  });
  await new Promise(setImmediate);
  const other = signIn('bob', 'bob-password').then(() => answered.push('acme'));
  await Promise.all([...flood, other]);
  expect(answered.indexOf('acme')).toBeLessThan(12);
});

it('a login whose client disconnects is dropped before it is hashed', async () => {
  await test.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = test.app.getHttpServer().address() as AddressInfo;
  // oxlint-disable-next-line unbound-method
  const { run } = HashQueue.prototype;
  let waiting = 0;
  HashQueue.prototype.run = function (this: HashQueue, ...args: Parameters<typeof run>) {
    waiting++;
    return run.apply(this, args) as ReturnType<typeof run>;
  } as typeof run;
  let hashed = 0;
  const unsubscribe = loginReports.subscribe(() => hashed++);
  const clients = Array.from({ length: 80 }, () => {
    const client = request({
      agent: false,
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: `${API}/auth/token`,
      headers: {
        'content-type': 'application/json',
        xownerid: 'ptdev',
        xverifyapi: encryptByDES(randomUUID(), VERIFY_KEYS['ptdev']!),
      },
    });
    client.on('error', () => undefined);
    client.end(JSON.stringify({ userName: 'dev', password: 'wrong' }));
    return client;
  });
  await eventually('all wait', () => waiting === clients.length);
  HashQueue.prototype.run = run;
  for (const client of clients) client.destroy();
  const connections = promisify(test.app.getHttpServer().getConnections.bind(test.app.getHttpServer()));
  await eventually('all are gone', async () => (await connections()) === 0);
  // Waits behind all that are left.
  await signIn('dev', 'wrong', 'ptdev');
  unsubscribe();
  expect(hashed).toBeLessThan(60);
});

it('logins whose client disconnects after their bodies have arrived are logged and measured', async () => {
  const { port } = test.app.getHttpServer().address() as AddressInfo;
  // oxlint-disable-next-line unbound-method
  const { run } = HashQueue.prototype;
  let waiting = 0;
  let release: (verified: null) => void = () => undefined;
  const held = new Promise<null>((done) => (release = done));
  HashQueue.prototype.run = (() => (waiting++, held)) as typeof run;
  const body = JSON.stringify({ userName: 'dev', password: 'wrong' });
  // The second waits for its turn on the connection.
  const logins = ['first', 'second'].map((id) =>
    [
      `POST ${API}/auth/token HTTP/1.1`,
      'Host: x',
      'XownerId: ptdev',
      `XverifyApi: ${encryptByDES(randomUUID(), VERIFY_KEYS['ptdev']!)}`,
      `X-Request-Id: leaves-${id}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n'),
  );
  const socket = connect(port, '127.0.0.1', () => socket.write(logins.join('')));
  await eventually('both wait', () => waiting === 2);
  socket.destroy();
  const lines = () =>
    test.log
      .filter((line) => line.includes('"reqId":"leaves-'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  await eventually('both are logged', () => lines().length === 2);
  HashQueue.prototype.run = run;
  release(null);
  await signIn('dev', 'wrong', 'ptdev');
  const ends = lines().map(
    ({ reqId, status, aborted }) => `${String(reqId)} ${String(status)} ${String(aborted)}`,
  );
  expect(ends.sort()).toEqual(['leaves-first null true', 'leaves-second null true']);
  const { body: metrics } = await test.app.inject('/metrics');
  const series = /^bo_auth_http_request_duration_seconds_count\{(.*status="aborted".*)\} (\d+)$/m.exec(
    metrics,
  );
  expect(series?.[1]).toContain(`route="${API}/auth/token"`);
  expect(Number(series?.[2])).toBeGreaterThanOrEqual(2);
});
