import type { Auth } from './auth.js';

/** What the feed says. */
export interface RevocationEntries {
  /** Ended sessions, and until when a token of theirs could be valid, in seconds. */
  readonly ended: readonly { readonly sid: string; readonly exp: number }[];
  /** Users who were logged out everywhere: tokens that were issued before this time (ms) are revoked. */
  readonly users: readonly { readonly id: string; readonly before: number }[];
}

/** The longest lifetime of an access token that a project can set. */
const LONGEST_TOKEN_MS = 86_400_000;
const CLEAN_UP_MS = 60_000;

/**
 * The revoked sessions and users of the project whose tokens could still be valid. An entry is a string of 16 characters
 * and a number: about 100 bytes.
 */
export class Revocations {
  private readonly sessions = new Map<string, number>();
  private readonly users = new Map<string, number>();
  private cleanedUpAt = 0;

  /** @param slackMs for how long after its expiry a token is still accepted here, and how far the clocks may differ */
  constructor(private readonly slackMs: number) {}

  get size(): number {
    return this.sessions.size + this.users.size;
  }

  add({ ended, users }: RevocationEntries, now: number): void {
    for (const { sid, exp } of ended) this.sessions.set(sid, exp);
    for (const { id, before } of users) this.users.set(id, Math.max(before, this.users.get(id) ?? 0));
    if (Math.abs(now - this.cleanedUpAt) >= CLEAN_UP_MS) this.cleanUp(now);
  }

  /**
   * Logging a user out everywhere ends all sessions of that moment, each with an entry of its own. The user's entry is for
   * tokens that another process issues while it does not know yet. `iat` has whole seconds, and bo-auth gives `before` in
   * whole seconds, too. So a token of the same second is judged by its session alone, and a login right after the
   * log-out is not refused.
   */
  isRevoked(auth: Auth): boolean {
    if (auth.kind === 'service') return false;
    const before = this.users.get(auth.userId);
    return (
      this.sessions.has(auth.sessionId) || (before !== undefined && Number(auth.claims.iat) * 1000 < before)
    );
  }

  private cleanUp(now: number): void {
    this.cleanedUpAt = now;
    for (const [sid, exp] of this.sessions) if (exp * 1000 + this.slackMs < now) this.sessions.delete(sid);
    for (const [id, before] of this.users)
      if (before + LONGEST_TOKEN_MS + this.slackMs < now) this.users.delete(id);
  }
}
