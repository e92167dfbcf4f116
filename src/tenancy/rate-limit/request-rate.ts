import { Inject, Injectable } from '@nestjs/common';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import { RedisLink } from '../../cache/redis-link.js';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';

const WINDOW_SECONDS = 60;

/** Shared: while Redis is down, each request would otherwise pay for a stack trace that nobody reads. */
const NO_ANSWER = new Error('Redis did not answer');

/** Counts requests: in Redis for all processes together, or in each process separately while Redis does not answer. */
@Injectable()
export class RequestRate {
  /** Requests per minute; 0 turns the limit off. */
  readonly limit: number;
  private readonly limiter: RateLimiterAbstract;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly link: RedisLink,
  ) {
    this.limit = config.rateLimitPerMinute;
    const options = { points: this.limit, duration: WINDOW_SECONDS, keyPrefix: 'bo-auth:rate' };
    const memory = new RateLimiterMemory(options);
    this.limiter = link.isConfigured
      ? new RateLimiterRedis({
          ...options,
          useRedisPackage: true,
          // A stand-in for the client, which is replaced at each reconnection. `consume` calls only this method.
          storeClient: { eval: (script: string, parts: EvalParts) => this.ask(script, parts) },
          insuranceLimiter: memory,
        })
      : memory;
  }

  /** Counts one request. @returns how many ms to wait; 0 below the limit */
  async count(key: string): Promise<number> {
    try {
      await this.limiter.consume(key);
      return 0;
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return Math.max(1, refusal.msBeforeNext);
      throw refusal;
    }
  }

  private async ask(script: string, parts: EvalParts): Promise<unknown> {
    const answer = await this.link.ask((client) => client.eval(script, parts));
    if (answer === undefined) throw NO_ANSWER;
    return answer;
  }
}

interface EvalParts {
  keys: string[];
  arguments: string[];
}
