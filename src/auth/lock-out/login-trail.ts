import { Injectable } from '@nestjs/common';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { writeEvent } from '../../audit/audit-trail.js';
import { type AuthEvent, sessionEvent } from '../../audit/auth-event.js';
import { Clock } from '../../config/clock.js';
import { SqlDatabase } from '../../database/sql-database.js';
import type { User } from '../../tenancy/user/user.entity.js';
import type { Client } from '../client.js';
import type { LockScope } from './login-record.js';

/**
 * So many lines for failed logins of one project are written in an hour, by each process. They concern known and unknown
 * users alike: otherwise the response time would tell them apart once the rest is left out.
 */
const LINES = { points: 1_000, duration: 3_600 };

export type FailureReason = 'unknown-user' | 'wrong-password' | 'disabled' | 'second-factor';

/** A login that failed. */
export interface FailedLogin {
  readonly ownerId: string;
  /** `null`: there is no user of this name, which could be anything, even a password. */
  readonly user: Pick<User, 'userId'> | null;
  readonly client: Client;
  readonly network: string;
  readonly reason: FailureReason;
  /** What it has locked. */
  readonly locks: readonly LockScope[];
  /** Until when, in ms since the epoch. */
  readonly lockedUntil: number | null;
}

/** Writes failed logins into the audit trail; a flood of them cannot fill the disk. */
@Injectable()
export class LoginTrail {
  private readonly lines = new RateLimiterMemory(LINES);
  /** Counted apart: an administrator must see locks in spite of a flood of failures. */
  private readonly lockLines = new RateLimiterMemory(LINES);

  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
  ) {}

  async record({ ownerId, user, client, network, reason, locks, lockedUntil }: FailedLogin): Promise<void> {
    const subject = { ownerId, userId: user?.userId ?? '', id: null };
    const now = this.clock.now();
    const until = lockedUntil === null ? null : new Date(lockedUntil).toISOString();
    const events: AuthEvent[] = [];
    if (await isWithin(this.lines, ownerId))
      events.push(sessionEvent('login-failed', client, subject, now, { reason }));
    if (locks.length > 0 && (await isWithin(this.lockLines, ownerId)))
      for (const scope of locks)
        events.push(sessionEvent('login-locked', client, subject, now, { scope, network, until }));
    if (events.length === 0) return;
    await this.database.transact(
      async (transaction) => {
        for (const event of events) await writeEvent(transaction, event);
      },
      // A flood of logins must not make refreshes wait for the disk.
      { durable: false },
    );
  }
}

function isWithin(lines: RateLimiterMemory, ownerId: string): Promise<boolean> {
  return lines.consume(ownerId).then(
    () => true,
    () => false,
  );
}
