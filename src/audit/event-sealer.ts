import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChainUnusable } from './chain-state.js';
import { headText } from './chain-key.js';
import { BATCH, EventChain } from './event-chain.js';

const EVERY_MS = 1_000;
const PAUSE_MS = 50;
/** How often the head of the chain is logged. */
const REPORT_MS = 3_600_000;

/**
 * Seals the lines of the audit trail a moment after they were written. Every process does this; one that meets another
 * leaves the work to it.
 */
@Injectable()
export class EventSealer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EventSealer.name);
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  /** The last failure, logged once until sealing succeeds again. */
  private failure = '';
  /** Of `performance.now()`. */
  private reportAt = 0;

  constructor(private readonly chain: EventChain) {}

  onApplicationBootstrap(): void {
    this.running = this.repeat();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
    if (this.failure === '') await this.attempt();
  }

  private async repeat(): Promise<void> {
    for (let first = true; !this.stopping.signal.aborted; first = false) {
      await this.pause(EVERY_MS);
      if (this.stopping.signal.aborted) return;
      await this.attempt(first);
    }
  }

  private async attempt(first = false): Promise<void> {
    try {
      if (first) await this.renewSeal();
      let sealed = await this.chain.seal();
      const hasSealed = sealed > 0;
      while (sealed === BATCH && !this.stopping.signal.aborted) {
        await this.pause(PAUSE_MS);
        sealed = await this.chain.seal();
      }
      this.failure = '';
      if (hasSealed && performance.now() >= this.reportAt) await this.report();
    } catch (error) {
      const failure = String(error);
      if (failure === this.failure) return;
      this.failure = failure;
      const says = 'the audit trail is not sealed';
      if (error instanceof ChainUnusable)
        this.logger.error({ error: failure }, `${says}: run bo-auth events verify`);
      else this.logger.warn({ error: failure }, `${says} now`);
    }
  }

  private async renewSeal(): Promise<void> {
    const state = await this.chain.states.find();
    if (state !== null) await this.chain.states.renewSeal(state);
  }

  /** The log is usually kept elsewhere: an older head in it reveals a trail that was cut back later. */
  private async report(): Promise<void> {
    this.reportAt = performance.now() + REPORT_MS;
    const state = await this.chain.states.find();
    if (state !== null)
      this.logger.log({ head: headText(state.head) }, 'the audit trail is sealed up to here');
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: false, signal: this.stopping.signal }).catch(() => undefined);
  }
}
