import { Inject, Injectable } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { RedisLink } from '../../cache/redis-link.js';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';

const WINDOW_SECONDS = 60;

/** Counts requests: in Redis for all processes together where it answers, else in each process for itself. */
@Injectable()
export class RequestRate {
  /** A minute; 0 is off. */
  readonly limit: number;
  private readonly own: RateLimiterMemory;
  private readonly shared: RateLimiterRedis;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly link: RedisLink,
  ) {
    this.limit = config.rateLimitPerMinute;
    const options = { points: this.limit, duration: WINDOW_SECONDS, keyPrefix: 'bo-auth:rate' };
    this.own = new RateLimiterMemory(options);
    this.shared = new RateLimiterRedis({
      ...options,
      useRedisPackage: true,
      // The connection may be another tomorrow. All that a count asks for is this one call.
      storeClient: { eval: (script: string, parts: EvalParts) => this.ask(script, parts) },
    });
  }

  /** Counts one. @returns how many ms to wait, or 0 where the limit is not reached */
  async count(key: string): Promise<number> {
    if (this.link.isAnswering) {
      try {
        return await waitAfter(this.shared.consume(key));
      } catch {
        // No answer: counted here instead.
      }
    }
    return waitAfter(this.own.consume(key));
  }

  private async ask(script: string, parts: EvalParts): Promise<unknown> {
    const answer = await this.link.ask((client) => client.eval(script, parts));
    if (answer === undefined) throw new Error('Redis did not answer');
    return answer;
  }
}

interface EvalParts {
  keys: string[];
  arguments: string[];
}

async function waitAfter(consumed: Promise<RateLimiterRes>): Promise<number> {
  try {
    await consumed;
    return 0;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return Math.max(1, refusal.msBeforeNext);
    throw refusal;
  }
}
