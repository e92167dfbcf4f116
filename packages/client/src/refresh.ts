import type { Clock } from './clock.js';
import type { Host } from './host.js';
import { withLock } from './lock.js';
import { LoginAuthError } from './login-auth-error.js';
import type { Service } from './service.js';
import { type Session, sessionOf } from './session.js';
import type { SessionStore } from './session-store.js';

/** The only errors that end a session, all of them 401. */
const ENDED =
  /^(REFRESH_TOKEN_(EXPIRED|REUSED)|SESSION_(LOGGED_OUT|REPLACED|ENDED_BY_ADMIN|EXPIRED)|PASSWORD_CHANGED|ACCOUNT_DISABLED)$/;

/** A failed attempt is repeated within the call if the wait is no longer than this. */
const SHORT_WAIT_MS = 2000;
const LONGEST_BACKOFF_MS = 30_000;
const LONGEST_WAIT_MS = 300_000;

export type Refresher = ReturnType<typeof refresher>;

/** Renews the access token: once for all who wait for it, and once for all tabs where the browser allows. */
export function refresher(store: SessionStore, service: Service, clock: Clock, host: Host, lock: string) {
  let running: Promise<Session | null> | null = null;
  /** The last failure, and until when nobody tries again. */
  let failure: { error: unknown; at: number; waitMs: number } | null = null;
  let failures = 0;

  /** A session whose token can be used, `null` if nobody is signed in, `undefined` if a refresh is needed. */
  function usable(refused: string | undefined): Session | null | undefined {
    const session = store.read();
    return !session || (session.accessToken !== refused && clock.now() < session.renewAt)
      ? session
      : undefined;
  }

  function rethrowFailure(): void {
    if (!failure) return;
    const elapsed = Date.now() - failure.at;
    // negative: the device's clock was set back
    if (elapsed >= 0 && elapsed < failure.waitMs) throw failure.error;
  }

  async function attempt(refused: string | undefined): Promise<Session | null> {
    for (let isRetry = false; ; isRetry = true) {
      const known = usable(refused);
      if (known !== undefined) return known;
      let sent = null as Session | null;
      try {
        const answer = await service.post('token/refresh', () => {
          sent = usable(refused) === undefined ? store.read() : null;
          // In a cookie, the browser sends it.
          return sent && { refreshToken: sent.refreshToken || undefined };
        });
        if (!answer) continue;
        failure = null;
        failures = 0;
        return keep(sent!, sessionOf(answer.data, answer.sentAt, clock.ahead));
      } catch (error) {
        const current = store.read();
        const isAboutCurrent = isSame(current, sent);
        if (isAboutCurrent && endsSession(error, sent!)) {
          store.end(sent!.id, (error as LoginAuthError).code);
          return null;
        }
        const waitMs = isAboutCurrent ? waitAfter(error) : 0;
        if (isRetry || waitMs > SHORT_WAIT_MS) {
          failure = { error, at: Date.now(), waitMs };
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  /** Stores an answer, unless the user has signed out or in again meanwhile. */
  function keep(sent: Session, answered: Session): Session | null {
    if (store.read()?.id === sent.id) store.save(answered);
    return store.read();
  }

  function waitAfter(error: unknown): number {
    const { retryAfter } = error as Partial<LoginAuthError>;
    const random = Math.random();
    if (retryAfter) return Math.min(retryAfter * 1000 * (1 + random / 4), LONGEST_WAIT_MS);
    return Math.min(500 * 2 ** failures++, LONGEST_BACKOFF_MS) * (0.5 + random / 2);
  }

  /**
   * @param refused the access token that was refused although it looked valid
   * @returns the session as it is then, `null` if nobody is signed in
   * @throws what kept the service from answering; the session stays
   */
  async function renew(refused?: string): Promise<Session | null> {
    if (running) {
      const session = await running;
      if (session?.accessToken !== refused) return session;
    }
    const known = usable(refused);
    if (known !== undefined) return known;
    rethrowFailure();
    running ??= withLock(host, lock, () => attempt(refused)).finally(() => (running = null));
    return running;
  }

  return {
    renew,

    /** A session with a valid access token, `null` if nobody is signed in. */
    async session(): Promise<Session | null> {
      try {
        return await renew();
      } catch (error) {
        const session = store.read();
        if (session && clock.now() < session.expiresAt) return session;
        throw error;
      }
    },

    /** Lets the next call try at once: the network is back. */
    forgetFailure(): void {
      failure = null;
      failures = 0;
    },
  };
}

function isSame(current: Session | null, sent: Session | null): boolean {
  return current?.id === sent?.id && current?.refreshToken === sent?.refreshToken;
}

function endsSession(error: unknown, sent: Session): boolean {
  const { status, code = '' } = error as Partial<LoginAuthError>;
  if (status === 401) return ENDED.test(code);
  // The cookie is gone, so no attempt will succeed.
  return status === 400 && !sent.refreshToken && code === 'PARAMETER_INVALID';
}
