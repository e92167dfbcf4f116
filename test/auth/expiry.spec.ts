import { randomUUID } from 'node:crypto';
import { STALENESS_MS } from '../../src/cache/staleness.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import { EventChain } from '../../src/audit/event-chain.js';
import { CleanUp } from '../../src/auth/clean-up.js';
import { SessionStore } from '../../src/auth/session/session.store.js';
import { call, encryptByDES, login, refresh, refusalOf } from '../support/app.js';
import {
  test,
  SECOND,
  DAY,
  sidOf,
  next,
  outcome,
  rowOf,
  policy,
  startTimedService,
} from './timed-service.js';

startTimedService();

describe('expiry', () => {
  it('idle: to the millisecond, and each refresh renews it', async () => {
    const first = await login(test);
    test.clock.advance(7 * DAY - 1);
    const second = await next(first);
    test.clock.advance(7 * DAY);
    expect(await outcome(second)).toBe('401 SESSION_EXPIRED');
    expect(await rowOf(first)).toMatchObject({ status: 'ended', end_reason: 'expired' });
  });

  it('idle: judged just after it, beside a refresh that comes just in time, gives the same successor', async () => {
    const first = await login(test);
    const store = test.app.get(SessionStore, { strict: false });
    const end = store.end.bind(store);
    let renewed: TokenGrant | undefined;
    // Between the judgement of the late one and its end of the session, the other is committed.
    store.end = async (...step) => {
      store.end = end;
      test.clock.advance(-1);
      renewed = await next(first);
      test.clock.advance(1);
      return end(...step);
    };
    test.clock.advance(7 * DAY);
    const late = await next(first);
    expect(late).toMatchObject({ refreshToken: renewed?.refreshToken, tokenSeq: 2 });
    expect(await outcome(late)).toBe('200 null');
  });

  it('a user who was disabled and enabled again can refresh, though a cached copy still says disabled', async () => {
    const grant = await next(await login(test));
    const status = (to: string) =>
      test.sql("UPDATE bo_user SET status = $1 WHERE owner_id = 'acme' AND user_id = 'alice'", to);
    test.clock.advance(STALENESS_MS + 1);
    await status('disabled');
    expect(await outcome(grant)).toBe('401 ACCOUNT_DISABLED');
    await status('active');
    expect(await outcome(grant)).toBe('200 null');
  });

  it('absolute: no refresh moves it', async () => {
    let grant = await login(test);
    const end = grant.timeStamp + 14 * DAY;
    for (let i = 0; i < 2; i++) {
      test.clock.advance(6 * DAY);
      grant = await next(grant);
    }
    test.clock.set(end - 1);
    const last = await next(grant);
    expect(last.expires).toBe(new Date(end).toISOString().slice(0, 19));
    expect(last.expiresIn).toBe(1);
    test.clock.set(end);
    expect(await outcome(last)).toBe('401 SESSION_EXPIRED');
  });

  it('absolute alone, where the project has no idle lifetime: to the millisecond', async () => {
    await policy({ idle_seconds: null });
    const first = await login(test);
    test.clock.set(first.timeStamp + 14 * DAY - 1);
    const last = await next(first);
    test.clock.set(first.timeStamp + 14 * DAY);
    expect(await outcome(last)).toBe('401 SESSION_EXPIRED');
    await policy({ idle_seconds: 7 * 86_400 });
  });

  it('wins over grace', async () => {
    await policy({ idle_seconds: 30 });
    const first = await login(test);
    const second = await next(first);
    test.clock.advance(30 * SECOND);
    expect(await outcome(first)).toBe('401 SESSION_EXPIRED');
    expect(await outcome(second)).toBe('401 SESSION_EXPIRED');
    await policy({ idle_seconds: 7 * 86_400 });
  });

  it('of a client who was told so stays, though the clock jumps back', async () => {
    const first = await login(test);
    const begin = test.clock.now();
    test.clock.advance(7 * DAY);
    expect(await outcome(first)).toBe('401 SESSION_EXPIRED');
    test.clock.set(begin + SECOND);
    expect(await outcome(first)).toBe('401 SESSION_EXPIRED');
    expect(refusalOf(await call(test, { url: '/auth/user', bearer: first.accessToken }))).toBe(
      '401 SESSION_EXPIRED',
    );
    test.clock.set(begin + 7 * DAY);
  });

  it('a jump forward and back logs nobody out who sent no request meanwhile', async () => {
    const quiet = await login(test);
    const begin = test.clock.now();
    test.clock.advance(30 * DAY);
    await login(test);
    test.clock.set(begin + SECOND);
    expect(await outcome(quiet)).toBe('200 null');
    test.clock.set(begin + 31 * DAY);
  });
});

describe('a clock that was set back', () => {
  it('makes no token reused and no session longer', async () => {
    const first = await login(test);
    const second = await next(first);
    test.clock.advance(-3_600_000);
    expect((await next(first)).refreshToken).toBe(second.refreshToken);
    const third = await next(second);
    expect(third.expires).toBe(first.expires);
    expect(await outcome(third)).toBe('200 null');
    test.clock.advance(3_600_000);
  });

  it('does not stretch the staleness bound of a copy', async () => {
    const grant = await login(test, { user: 'bob' });
    const ask = () => call(test, { url: '/auth/user', bearer: grant.accessToken });
    test.clock.advance(60 * SECOND);
    expect((await ask()).status).toBe(200);
    await test.sql(`UPDATE bo_user SET status = 'disabled' WHERE owner_id = 'acme' AND user_id = 'bob'`);
    test.clock.advance(-50 * SECOND);
    expect(refusalOf(await ask())).toBe('401 ACCOUNT_DISABLED');
    await test.sql(`UPDATE bo_user SET status = 'active' WHERE owner_id = 'acme' AND user_id = 'bob'`);
    test.clock.advance(60 * SECOND);
  });
});

describe('valid_after', () => {
  it('ends what began strictly before it, and nothing else', async () => {
    const [before, at] = [await login(test, { user: 'bob' }), test.clock.now() + 1];
    test.clock.set(at);
    const same = await login(test, { user: 'bob' });
    await test.sql(`UPDATE bo_user SET valid_after = $1 WHERE owner_id = 'acme' AND user_id = 'bob'`, at);
    expect(await outcome(before)).toBe('401 SESSION_LOGGED_OUT');
    expect(await outcome(same)).toBe('200 null');
  });
});

describe('a replayed XverifyApi', () => {
  it('is remembered for the window of one without a stamp, and then spent anew', async () => {
    const [one, two] = [await login(test), await login(test)];
    const verify = encryptByDES(randomUUID(), 'acme-key');
    expect((await refresh(test, one.refreshToken, { verify })).status).toBe(200);
    test.clock.advance(300 * SECOND);
    expect((await refresh(test, two.refreshToken, { verify })).status).toBe(401);
    test.clock.advance(1);
    expect((await refresh(test, two.refreshToken, { verify })).status).toBe(200);
  });
});

describe('the clean-up', () => {
  it('deletes what expired more than a day ago, a living or fresh session never', async () => {
    const [old, fresh, alive] = [await login(test), await login(test), await login(test)];
    await test.sql(
      'UPDATE bo_auth_session SET expires_at = $1 WHERE id = $2',
      test.clock.now() - DAY - 1,
      sidOf(old),
    );
    await test.sql(
      'UPDATE bo_auth_session SET expires_at = $1 WHERE id = $2',
      test.clock.now() - 1,
      sidOf(fresh),
    );
    const cleanUp = test.app.get(CleanUp, { strict: false });
    // The clock of this suite has run away from the process's own: then nothing is deleted by it.
    expect(await cleanUp.run()).toEqual({ sessions: 0, events: 0 });
    trustClock(cleanUp);
    expect((await cleanUp.run()).sessions).toBeGreaterThanOrEqual(1);
    expect(await rowOf(old)).toBeUndefined();
    expect(await rowOf(fresh)).toBeDefined();
    expect(await outcome(alive)).toBe('200 null');
  });

  it('deletes entries of the revocation feed that no token needs any more, and no other', async () => {
    const entry = (seq: number, expiresAt: number) =>
      test.sql(
        `INSERT INTO bo_revocation (owner_id, seq, session_id, expires_at) VALUES ('acme', $1, 's', $2)`,
        seq,
        expiresAt,
      );
    const now = test.clock.now();
    await entry(1, now - 1);
    await entry(2, now + DAY);
    const cleanUp = test.app.get(CleanUp, { strict: false });
    trustClock(cleanUp);
    await cleanUp.run();
    expect(await test.sql('SELECT seq FROM bo_revocation')).toEqual([{ seq: 2 }]);
  });

  it('deletes events that are older than their retention, batch by batch, and no other', async () => {
    const before = test.clock.now() - 180 * DAY;
    await test.sql('DELETE FROM bo_auth_event');
    const event = (at: number, kind: string) =>
      test.sql(
        `INSERT INTO bo_auth_event (at, owner_id, user_id, kind, detail) VALUES ($1, 'acme', '', $2, '{}')`,
        at,
        kind,
      );
    for (let n = 0; n < 201; n++) await event(before - 1, 'old');
    await event(before, 'kept');
    while ((await test.app.get(EventChain, { strict: false }).seal()) > 0);
    const cleanUp = test.app.get(CleanUp, { strict: false });
    trustClock(cleanUp);
    // Two processes at once share the work.
    const deleted = await Promise.all([cleanUp.run(), cleanUp.run()]);
    expect(deleted.reduce((sum, { events }) => sum + events, 0)).toBe(201);
    expect(await test.sql('SELECT kind FROM bo_auth_event')).toEqual([{ kind: 'kept' }]);
  });

  it('keeps what the configuration says: sessions for longer, events for ever', async () => {
    const cleanUp = test.app.get(CleanUp, { strict: false });
    trustClock(cleanUp);
    const configured = Reflect.get(cleanUp, 'config') as object;
    Object.assign(cleanUp, { config: { ...configured, sessionRetentionDays: 30, eventRetentionDays: 0 } });
    const expired = await login(test);
    const expire = (days: number) =>
      test.sql(
        'UPDATE bo_auth_session SET expires_at = $1 WHERE id = $2',
        test.clock.now() - days * DAY - 1,
        sidOf(expired),
      );
    await test.sql('UPDATE bo_auth_event SET at = 0');
    await expire(29);
    expect(await cleanUp.run()).toEqual({ sessions: 0, events: 0 });
    await expire(30);
    expect(await cleanUp.run()).toEqual({ sessions: 1, events: 0 });
    Object.assign(cleanUp, { config: configured });
  });

  /** As if the process had started at the time of the suite's clock. */
  function trustClock(cleanUp: CleanUp): void {
    Object.assign(cleanUp, { clockOffset: test.clock.now() - performance.now() });
  }
});
