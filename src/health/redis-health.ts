import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { RedisLink } from '../cache/redis-link.js';

/** Reports the state of Redis but is always `up`: the service works without Redis, only slower. */
@Injectable()
export class RedisHealth {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly link: RedisLink,
  ) {}

  check() {
    const { isConfigured, failure } = this.link;
    const state = !isConfigured ? 'not configured' : failure === null ? 'answering' : 'degraded';
    return this.indicators.check('redis').up(failure === null ? { state } : { state, reason: failure.code });
  }
}
