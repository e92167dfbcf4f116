import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { FastifyInstance } from 'fastify';
import { OpenConnections } from '../connection/open-connections.js';

/**
 * Whether this process is shutting down. It is then no longer ready, and asks its clients to close their connections.
 */
@Injectable()
export class Draining {
  private hasBegun = false;
  readonly connections = new OpenConnections();

  constructor(private readonly indicators: HealthIndicatorService) {}

  begin(): void {
    this.hasBegun = true;
  }

  check() {
    const indicator = this.indicators.check('process');
    return this.hasBegun ? indicator.down({ state: 'ending' }) : indicator.up({ state: 'serving' });
  }

  /**
   * A client that gets `Connection: close` sends its next request on another connection, so none is lost.
   * @see RFC 9112 §9.6
   */
  partWithClients(fastify: FastifyInstance): void {
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (this.hasBegun) reply.header('connection', 'close');
      done(null, payload);
    });
  }
}
