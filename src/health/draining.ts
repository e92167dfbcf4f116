import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { FastifyInstance } from 'fastify';

/** Whether this process is about to end: it is then no longer ready, and parts with its clients. */
@Injectable()
export class Draining {
  private hasBegun = false;

  constructor(private readonly indicators: HealthIndicatorService) {}

  begin(): void {
    this.hasBegun = true;
  }

  check() {
    const indicator = this.indicators.check('process');
    return this.hasBegun ? indicator.down({ state: 'ending' }) : indicator.up({ state: 'serving' });
  }

  /** A client that is told so sends its next request on another connection, and none is lost. @see RFC 9112 §9.6 */
  closeConnectionsOf(fastify: FastifyInstance): void {
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (this.hasBegun) reply.header('connection', 'close');
      done(null, payload);
    });
  }
}
