import * as fc from 'fast-check';
import { connect } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { requestIdOf } from '../../src/logging/request-id.js';
import { parseTraceparent } from '../../src/logging/trace-context.js';
import { GRACE_MS, call, login, refresh, startApp, type TestApp } from '../support/app.js';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;

type Line = Readonly<Record<string, unknown>>;

describe('a request id', () => {
  it('is taken over where it is safe to echo and to log, else made', () => {
    const of = (id: string | string[] | undefined) => requestIdOf({ headers: { 'x-request-id': id } });
    for (const id of ['a', 'A-1_b.c', '0'.repeat(64)]) expect(of(id)).toBe(id);
    for (const id of [undefined, '', '0'.repeat(65), 'a b', 'a,b', 'a\n', 'é', '"', '{}', ['a']])
      expect(of(id)).toMatch(UUID);
    expect(of(undefined)).not.toBe(of(undefined));
  });

  it('never holds anything but the safe characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (id) => {
        expect(requestIdOf({ headers: { 'x-request-id': id } })).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
      }),
    );
  });
});

describe('a traceparent', () => {
  it('is read as the specification says', () => {
    const read = { traceId: TRACE_ID, parentId: '00f067aa0ba902b7', flags: 1 };
    expect(parseTraceparent(TRACEPARENT)).toEqual(read);
    expect(parseTraceparent(TRACEPARENT.replace(/-01$/, '-00'))).toEqual({ ...read, flags: 0 });
    expect(parseTraceparent(`cc${TRACEPARENT.slice(2)}-what-comes-later`)).toEqual(read);
  });

  it.each([
    ['nothing', undefined],
    ['an empty one', ''],
    ['a version that is none', TRACEPARENT.replace(/^00/, 'ff')],
    ['more fields than its version has', `${TRACEPARENT}-00`],
    ['a later version with its parts run together', `cc${TRACEPARENT.slice(2)}.x`],
    ['capitals', TRACEPARENT.toUpperCase()],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['a parent id of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['too short a trace id', TRACEPARENT.replace('4bf', '4b')],
    ['white space around it', ` ${TRACEPARENT}`],
    ['a line break after it', `${TRACEPARENT}\n`],
    ['two joined to one', `${TRACEPARENT}, ${TRACEPARENT}`],
  ])('is ignored: %s', (_, header) => {
    expect(parseTraceparent(header)).toBeNull();
  });

  it('is read back from what was written, and any text is borne', () => {
    const hex = (length: number) =>
      fc.stringMatching(new RegExp(`^[\\da-f]{${length}}$`)).filter((digits) => !/^0+$/.test(digits));
    fc.assert(
      fc.property(hex(32), hex(16), fc.integer({ min: 0, max: 255 }), (traceId, parentId, flags) => {
        const header = `00-${traceId}-${parentId}-${flags.toString(16).padStart(2, '0')}`;
        expect(parseTraceparent(header)).toEqual({ traceId, parentId, flags });
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => expect(parseTraceparent(header)).toBeNull()),
    );
  });
});

describe('through the door', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp();
  });
  afterAll(() => test.close());

  const lines = (reqId: unknown) =>
    test.log.map((line) => JSON.parse(line) as Line).filter((line) => line['reqId'] === reqId);

  it.each([
    ['a success', '//health/live', 200],
    ['a refusal', '/auth/token/refresh?refreshToken=x', 401],
    ['a path that is none', '//nowhere', 404],
    ['a path that cannot be decoded', '//%zz', 400],
    ['the metrics', '//metrics', 200],
  ])('is echoed on %s', async (what, url, status) => {
    const id = `to-${what.replaceAll(' ', '-')}`;
    const given = await call(test, { url, headers: { 'X-Request-Id': id } });
    expect([given.status, given.headers['x-request-id']]).toEqual([status, id]);
    expect(lines(id)).toHaveLength(1);

    const bad = await call(test, { url, headers: { 'X-Request-Id': 'a b' } });
    expect(bad.headers['x-request-id']).toMatch(UUID);
    expect(lines(bad.headers['x-request-id'])).toHaveLength(1);
  });

  it('is on what node’s parser refuses, and on its log line', async () => {
    await test.app.listen(0, '127.0.0.1');
    const { port } = test.app.getHttpServer().address() as { port: number };
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.end('GET / HTTP/1.1\r\nbroken header\r\n\r\n');
    const answer = await text(socket);
    const id = /^x-request-id: (.*)\r$/im.exec(answer)?.[1];
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(id).toMatch(UUID);
    expect(lines(id)).toEqual([expect.objectContaining({ status: 400, errorCode: 'REQUEST_MALFORMED' })]);
  });

  it('ties the audit trail to the log', async () => {
    await login(test, { headers: { 'X-Request-Id': 'the-login' } });
    const events = await test.sql<{ kind: string }>(
      `SELECT kind FROM bo_auth_event WHERE detail LIKE '%"requestId":"the-login"%'`,
    );
    expect(events).toEqual([{ kind: 'login' }]);
  });

  it('logs who it was, what was done and from which tier, and never a credential', async () => {
    const grant = await login(test, { headers: { 'X-Request-Id': 'log-1', traceparent: TRACEPARENT } });
    const rotated = await refresh(test, grant.refreshToken, { headers: { 'X-Request-Id': 'log-2' } });
    await refresh(test, grant.refreshToken, {
      headers: { 'X-Request-Id': 'log-3', traceparent: 'nonsense' },
    });
    await call(test, {
      url: '/auth/user',
      bearer: grant.accessToken,
      headers: { 'X-Request-Id': 'log-4' },
    });
    test.clock.advance(GRACE_MS + 1_000);
    await refresh(test, rotated.body.data!.refreshToken);
    test.clock.advance(GRACE_MS + 1_000);
    await refresh(test, grant.refreshToken, { headers: { 'X-Request-Id': 'log-5' } });
    test.clock.run();

    const [{ id: sessionId }] = (await test.sql<{ id: string }>(
      `SELECT id FROM bo_auth_session WHERE user_id = 'alice' ORDER BY created_at DESC LIMIT 1`,
    )) as [{ id: string }];
    const who = { ownerId: 'acme', userId: 'alice', sessionId };
    const one = (id: string) => {
      const [line, ...more] = lines(id);
      expect(more).toEqual([]);
      return line;
    };
    expect(one('log-1')).toMatchObject({ ...who, traceId: TRACE_ID, status: 200, cacheType: 'sqlite' });
    expect(one('log-2')).toMatchObject({ ...who, outcome: 'rotate', cacheType: 'sqlite' });
    expect(one('log-2')).not.toHaveProperty('traceId');
    expect(one('log-3')).toMatchObject({ ...who, outcome: 'replay' });
    expect(one('log-3')).not.toHaveProperty('traceId');
    expect(one('log-4')).toMatchObject({ ...who, route: '/bo/api/v3/auth/user' });
    expect(one('log-5')).toMatchObject({ ...who, outcome: 'reused', errorCode: 'REFRESH_TOKEN_REUSED' });

    const all = test.log.join('\n');
    for (const secret of [
      grant.refreshToken,
      grant.accessToken,
      rotated.body.data!.refreshToken,
      rotated.body.data!.accessToken,
      'alice-password',
    ])
      expect(all).not.toContain(secret);
  });
});
