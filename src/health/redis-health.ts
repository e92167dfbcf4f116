import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { RedisLink } from '../cache/redis-link.js';

/** Told, and never a reason not to be ready: without Redis everything works, if slower. */
@Injectable()
export class RedisHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly link: RedisLink,
  ) {}

  check() {
    const state = !this.link.isConfigured
      ? 'not configured'
      : this.link.isAnswering
        ? 'answering'
        : 'degraded';
    return this.indicators.check('redis').up({ state });
  }
}
