import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';

/** Whether this process is about to end: it is then no longer ready, and parts with its clients. */
@Injectable()
export class Draining {
  private hasBegun = false;
  private readonly connections = new Set<Socket>();

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
    fastify.server.on('connection', (socket) => {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (this.hasBegun) reply.header('connection', 'close');
      done(null, payload);
    });
  }

  /**
   * Ends the connections on which nothing ever came, as browsers and pools open them in advance. To node they are
   * not idle but busy with a first request, and it would wait for that.
   */
  closeSilentConnections(): void {
    for (const socket of this.connections) if (socket.bytesRead === 0) socket.destroy();
  }
}
