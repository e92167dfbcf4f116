import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventChain } from '../audit/event-chain.js';
import { ChangeLog } from '../cache/change-log.js';
import { Clock } from '../config/clock.js';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { SqlDatabase } from '../database/sql-database.js';
import { ProjectDirectory } from '../tenancy/project/project-directory.js';
import { SqlLoginFailures } from './lock-out/sql-login-failures.js';
import { UsualNetworks } from './lock-out/usual-networks.js';
import { dropDecoys } from './password/password-decoys.js';
import { RevocationFeed } from './revocation-feed/revocation-feed.js';
import { SessionStore } from './session/session.store.js';

const EVERY_MS = 5 * 60_000;
const BATCH = 200;
const PAUSE_MS = 50;
const DAY_MS = 24 * 3_600_000;

/** How far the wall clock may drift from the monotonic clock before deletion stops. */
const CLOCK_TOLERANCE_MS = 3_600_000;

/** How many rows a clean-up deleted. */
export interface Deleted {
  readonly sessions: number;
  readonly events: number;
}

/**
 * Deletes sessions and audit events whose retention is over, what is known about logins and no longer counts, what
 * services need not know of ended sessions any more, what was logged of changed projects and users, and the password
 * decoys of formats that no user has any more, in batches so small that no request waits for them. Every process does
 * this; two that meet share the work.
 */
@Injectable()
export class CleanUp implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(CleanUp.name);
  private readonly stopping = new AbortController();
  private readonly clockOffset: number;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly clock: Clock,
    private readonly store: SessionStore,
    private readonly feed: RevocationFeed,
    private readonly loginFailures: SqlLoginFailures,
    private readonly usualNetworks: UsualNetworks,
    private readonly chain: EventChain,
    private readonly changes: ChangeLog,
    private readonly database: SqlDatabase,
    private readonly projects: ProjectDirectory,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.clockOffset = clock.now() - performance.now();
  }

  onApplicationBootstrap(): void {
    this.running = this.repeat();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  async run(): Promise<Deleted> {
    for (const ownerId of await dropDecoys(this.database)) await this.projects.forget(ownerId);
    const now = this.clock.now();
    if (Math.abs(now - performance.now() - this.clockOffset) > CLOCK_TOLERANCE_MS) {
      this.logger.warn('the clock has jumped since the start: nothing is deleted until a restart');
      return { sessions: 0, events: 0 };
    }
    const { sessionRetentionDays, eventRetentionDays } = this.config;
    await this.inBatches(() => this.loginFailures.purge(now, BATCH));
    await this.inBatches(() => this.usualNetworks.purge(now, BATCH));
    await this.inBatches(() => this.feed.purge(now, BATCH));
    const sessions = await this.inBatches(() => this.store.purge(now - sessionRetentionDays * DAY_MS, BATCH));
    const events =
      eventRetentionDays === 0
        ? 0
        : await this.inBatches(() => this.chain.deleteOlder(now - eventRetentionDays * DAY_MS, BATCH));
    await this.inBatches(() => this.changes.purge(BATCH));
    return { sessions, events };
  }

  private async inBatches(deleteBatch: () => Promise<number>): Promise<number> {
    let total = 0;
    for (let deleted = BATCH; deleted === BATCH && !this.stopping.signal.aborted;) {
      deleted = await deleteBatch();
      total += deleted;
      if (deleted === BATCH) await this.pause(PAUSE_MS);
    }
    return total;
  }

  private async repeat(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.pause(EVERY_MS);
      if (this.stopping.signal.aborted) return;
      try {
        const deleted = await this.run();
        if (deleted.sessions > 0 || deleted.events > 0)
          this.logger.log(deleted, 'sessions and events were deleted, as their retention is over');
      } catch (error) {
        this.logger.warn({ error: String(error) }, 'old sessions and events could not be deleted now');
      }
    }
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: false, signal: this.stopping.signal }).catch(() => undefined);
  }
}
