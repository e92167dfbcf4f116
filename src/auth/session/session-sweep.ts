import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Clock } from '../../config/clock.js';
import { SessionStore } from './session.store.js';

const EVERY_MS = 5 * 60_000;
const BATCH = 200;
const PAUSE_MS = 50;

/** How long expired sessions are kept, so that a clock that jumps forward and back deletes nothing. */
const KEEP_MS = 24 * 3_600_000;

/** How far the wall clock may drift from the monotonic clock before deletion stops. */
const CLOCK_TOLERANCE_MS = 3_600_000;

/** Deletes long-expired sessions, in batches so small that no request waits for them. */
@Injectable()
export class SessionSweep implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(SessionSweep.name);
  private readonly stopping = new AbortController();
  private readonly clockOffset: number;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly clock: Clock,
    private readonly store: SessionStore,
  ) {
    this.clockOffset = clock.now() - performance.now();
  }

  onApplicationBootstrap(): void {
    this.running = this.keepSweeping();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** @returns how many sessions were deleted */
  async sweep(): Promise<number> {
    const now = this.clock.now();
    if (Math.abs(now - performance.now() - this.clockOffset) > CLOCK_TOLERANCE_MS) {
      this.logger.warn('the clock has jumped since the start: expired sessions are kept until a restart');
      return 0;
    }
    let total = 0;
    for (let deleted = BATCH; deleted === BATCH && !this.stopping.signal.aborted;) {
      deleted = await this.store.purge(now - KEEP_MS, BATCH);
      total += deleted;
      if (deleted === BATCH) await this.pause(PAUSE_MS);
    }
    return total;
  }

  private async keepSweeping(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.pause(EVERY_MS);
      if (this.stopping.signal.aborted) return;
      try {
        const deleted = await this.sweep();
        if (deleted > 0) this.logger.log({ deleted }, 'expired sessions were deleted');
      } catch (error) {
        this.logger.warn({ error: String(error) }, 'expired sessions could not be deleted now');
      }
    }
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: false, signal: this.stopping.signal }).catch(() => undefined);
  }
}
