import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';
import { Connection } from '../connection/connection.js';

/**
 * Whether this process is shutting down. It is then no longer ready, and asks its clients to close their connections.
 */
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

  /**
   * A client that gets `Connection: close` sends its next request on another connection, so none is lost.
   * @see RFC 9112 §9.6
   */
  closeConnectionsOf(fastify: FastifyInstance): void {
    const add = (socket: Socket): void => {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    };
    fastify.server.on('connection', add);
    // After the TLS handshake: the TLS socket, on top of that of the connection.
    fastify.server.on('secureConnection', add);
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (this.hasBegun) reply.header('connection', 'close');
      done(null, payload);
    });
  }

  /**
   * Closes the connections without a complete request head: browsers and pools open some in advance, and attackers send
   * heads slowly. To node they are not idle but busy with a first request, and it would wait for that.
   */
  closeSilentConnections(): void {
    for (const socket of this.connections) {
      const connection = Connection.of(socket);
      if (connection === undefined ? socket.bytesRead === 0 : connection.inFlight === 0) socket.destroy();
    }
  }
}
