import { STALENESS_MS } from '../../src/cache/staleness.js';
import type { TokenGrant } from '../../src/auth/token-grant.js';
import { SessionStore } from '../../src/auth/session/session.store.js';
import { call, claimsOf, dataOf, GRACE_MS, login, refresh, refusalOf, SAMPLE_TOKEN } from '../support/app.js';
import {
  test,
  SECOND,
  DAY,
  sidOf,
  next,
  outcome,
  eventsOf,
  rowOf,
  policy,
  startTimedService,
} from './timed-service.js';

startTimedService();

describe('a retry with the token that was spent', () => {
  it('at 0, 1, 31 and 60 s: the same successor, the same number, a fresh access token', async () => {
    const first = await login(test);
    const successor = await next(first);
    let elapsed = 0;
    for (const at of [0, 1 * SECOND, 31 * SECOND, GRACE_MS]) {
      test.clock.advance(at - elapsed);
      elapsed = at;
      const again = await next(first);
      expect([at, again.refreshToken, again.tokenSeq]).toEqual([at, successor.refreshToken, 2]);
      expect(again.accessToken).not.toBe(successor.accessToken);
    }
    expect(await outcome(successor)).toBe('200 null');
  });

  it('after the grace window, the successor never used: another successor, and the first is displaced', async () => {
    const first = await login(test);
    const lost = await next(first);
    test.clock.advance(GRACE_MS + 1);
    const again = await next(first);
    expect(again.refreshToken).not.toBe(lost.refreshToken);
    expect(again.tokenSeq).toBe(3);
    expect((await eventsOf(first)).map(({ kind }) => kind)).toEqual(['login', 'displaced']);
    // The displaced one is behind within the window, and a thief's after it.
    const behind = await refresh(test, lost.refreshToken);
    expect(refusalOf(behind)).toBe('409 REFRESH_TOKEN_SUPERSEDED');
    expect(Number(behind.headers['retry-after'])).toBeGreaterThan(0);
    expect(await outcome(again)).toBe('200 null');
    test.clock.advance(GRACE_MS + 1);
    expect(await outcome(lost)).toBe('401 REFRESH_TOKEN_REUSED');
  });

  it('is displaced three times a generation; a fourth is reuse', async () => {
    const first = await login(test);
    const seen = new Set([(await next(first)).refreshToken]);
    for (let i = 0; i < 3; i++) {
      test.clock.advance(GRACE_MS + 1);
      seen.add((await next(first)).refreshToken);
    }
    expect(seen.size).toBe(4);
    test.clock.advance(GRACE_MS + 1);
    expect(await outcome(first)).toBe('401 REFRESH_TOKEN_REUSED');
  });
});

describe('the parent, after the grace window, its successor used', () => {
  it('beside a late replay that is noted between judgement and end: 409, and the family lives', async () => {
    const first = await login(test);
    const second = await next(first);
    const third = await next(second);
    const store = test.app.get(SessionStore, { strict: false });
    const end = store.end.bind(store);
    test.clock.advance(GRACE_MS);
    store.end = async (...step) => {
      store.end = end;
      test.clock.advance(-1);
      expect((await next(second)).refreshToken).toBe(third.refreshToken);
      test.clock.advance(1);
      return end(...step);
    };
    const { lost_response } = (
      await test.sql("SELECT lost_response FROM bo_project WHERE owner_id = 'acme'")
    )[0] as { lost_response: string };
    await test.sql("UPDATE bo_project SET lost_response = 'revoke' WHERE owner_id = 'acme'");
    test.clock.advance(1);
    try {
      expect(await outcome(second)).toBe('409 REFRESH_TOKEN_SUPERSEDED');
      expect(await outcome(third)).toBe('200 null');
    } finally {
      store.end = end;
      await policy({ lost_response });
    }
  });

  it('401 REFRESH_TOKEN_REUSED: the family is dead in every way, and the event is written', async () => {
    const first = await login(test);
    const second = await next(first);
    const third = await next(second);
    test.clock.advance(GRACE_MS + 1);
    const answer = await refresh(test, first.refreshToken);
    expect(refusalOf(answer)).toBe('401 REFRESH_TOKEN_REUSED');
    expect(answer.text).not.toContain(sidOf(first));
    for (const token of [first, second, third]) {
      expect(await outcome(token)).toBe('401 REFRESH_TOKEN_REUSED');
      const bearer = token.accessToken;
      expect(refusalOf(await call(test, { url: '/auth/user', bearer }))).toBe('401 REFRESH_TOKEN_REUSED');
    }
    expect(await rowOf(first)).toMatchObject({ status: 'ended', end_reason: 'reused' });
    const events = await eventsOf(first);
    expect(events.map(({ kind }) => kind)).toEqual(['login', 'reused']);
    expect(JSON.parse(events[1]?.detail ?? '')).toMatchObject({
      ip: '127.0.0.1',
      requestId: expect.any(String),
    });
  });

  it('does not touch the user’s other sessions', async () => {
    const [victim, other] = [await login(test), await login(test)];
    await next(await next(victim));
    test.clock.advance(GRACE_MS + 1);
    expect(await outcome(victim)).toBe('401 REFRESH_TOKEN_REUSED');
    expect(await outcome(other)).toBe('200 null');
  });

  it('within the window: 409 with Retry-After, and nobody is logged out', async () => {
    const first = await login(test);
    const second = await next(first);
    const third = await next(second);
    test.clock.advance(GRACE_MS);
    const answer = await refresh(test, first.refreshToken);
    expect(refusalOf(answer)).toBe('409 REFRESH_TOKEN_SUPERSEDED');
    expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(await outcome(third)).toBe('200 null');
  });

  it('finds a thief who rotates every few seconds, when the victim’s own token has been behind for the window', async () => {
    const victim = await login(test);
    let thief: TokenGrant = victim;
    for (let elapsed = 0; elapsed <= GRACE_MS; elapsed += 5 * SECOND) {
      thief = await next(thief);
      test.clock.advance(5 * SECOND);
    }
    expect(await outcome(victim)).toBe('401 REFRESH_TOKEN_REUSED');
    expect(await outcome(thief)).toBe('401 REFRESH_TOKEN_REUSED');
  });

  it('is found out, too, when the token is too old to be remembered', async () => {
    const first = await login(test);
    let last: TokenGrant = first;
    for (let i = 0; i < 20; i++) last = await next(last);
    expect(await outcome(first)).toBe('401 REFRESH_TOKEN_REUSED');
    expect(await outcome(last)).toBe('401 REFRESH_TOKEN_REUSED');
  });
});

describe('the project’s policy', () => {
  it('grace 0: an immediate retry in the same millisecond still gets its successor, one later displaces', async () => {
    await policy({ grace_seconds: 0 });
    const first = await login(test);
    const second = await next(first);
    expect((await next(first)).refreshToken).toBe(second.refreshToken);
    test.clock.advance(1);
    expect((await next(first)).tokenSeq).toBe(3);
    await policy({ grace_seconds: 60 });
  });

  it('grace 300: a retry after 300 s gets the same successor', async () => {
    await policy({ grace_seconds: 300 });
    const first = await login(test);
    const second = await next(first);
    test.clock.advance(300 * SECOND);
    expect((await next(first)).refreshToken).toBe(second.refreshToken);
    await policy({ grace_seconds: 60 });
  });

  it('lostResponse revoke: the parent after the window ends the family', async () => {
    await policy({ lost_response: 'revoke' });
    const first = await login(test);
    const second = await next(first);
    test.clock.advance(GRACE_MS + 1);
    expect(await outcome(first)).toBe('401 REFRESH_TOKEN_REUSED');
    expect(await outcome(second)).toBe('401 REFRESH_TOKEN_REUSED');
    await policy({ lost_response: 'reissue' });
  });

  it('reuse: the token stays, and nothing is written', async () => {
    await policy({ refresh_policy: 'reuse', idle_seconds: null });
    const first = await login(test);
    const before = await rowOf(first);
    test.clock.advance(13 * DAY);
    const again = await next(first);
    expect([again.refreshToken, again.tokenSeq]).toEqual([first.refreshToken, 1]);
    expect(await rowOf(first)).toEqual(before);
    await policy({ refresh_policy: 'rotate', idle_seconds: 7 * 86_400 });
  });

  it('a change from reuse to rotate moves a living session over; the sample’s imported token too', async () => {
    const sample = dataOf(await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev' }));
    expect(sample.refreshToken).toBe(SAMPLE_TOKEN);
    await test.sql(`UPDATE bo_project SET refresh_policy = 'rotate' WHERE owner_id = 'ptdev'`);
    test.clock.advance(STALENESS_MS + 1);
    const moved = dataOf(await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev' }));
    expect(moved.refreshToken).not.toBe(SAMPLE_TOKEN);
    expect(moved.refreshToken).toMatch(/^[0-9A-Za-z]{32}$/);
    const retried = dataOf(await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev' }));
    expect(retried.refreshToken).toBe(moved.refreshToken);
    expect((await eventsOf(moved)).at(-1)).toMatchObject({ kind: 'imported' });
    const after = dataOf(await refresh(test, moved.refreshToken, { owner: 'ptdev' }));
    expect(after.tokenSeq).toBe(3);
    test.clock.advance(GRACE_MS + 1);
    expect(refusalOf(await refresh(test, SAMPLE_TOKEN, { owner: 'ptdev' }))).toBe('401 REFRESH_TOKEN_REUSED');
  });

  it('the access token’s lifetime, never beyond the session’s end', async () => {
    await policy({ access_token_seconds: 120 });
    expect((await login(test)).expiresIn).toBe(120);
    await policy({ access_token_seconds: 600, absolute_seconds: 300 });
    const grant = await login(test);
    expect(grant.expiresIn).toBeLessThanOrEqual(300);
    expect(Number(claimsOf(grant.accessToken)['exp']) * 1000).toBeLessThanOrEqual(grant.timeStamp + 300_000);
    await policy({ absolute_seconds: 14 * 86_400 });
  });
});
