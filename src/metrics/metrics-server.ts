import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StartError } from '../config/start-error.js';
import { Scrape } from './scrape.js';

const MAX_CONNECTIONS = 64;
/** How long a request may take to arrive, in ms. */
const REQUEST_MS = 10_000;
/** How long a scrape under way has at shutdown before its connection is cut, in ms. */
const PARTING_MS = 1_000;

/**
 * Serves the metrics on a port of their own, over plain HTTP. Its requests are neither logged nor counted, and no rate
 * limit applies. With several workers all of them share the port.
 */
@Injectable()
export class MetricsServer implements BeforeApplicationShutdown {
  private readonly logger = new Logger(MetricsServer.name);
  private readonly server = createServer(
    { headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS },
    (request, response) => void this.answer(request, response),
  );

  constructor(private readonly scrape: Scrape) {
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /**
   * @returns the port that it listens on
   * @throws {StartError} if the port cannot be had
   */
  async listen(host: string, port: number): Promise<number> {
    this.server.listen({ host, port });
    try {
      await once(this.server, 'listening');
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      throw new StartError(`METRICS_PORT: cannot listen there (${code})`);
    }
    const { port: chosen } = this.server.address() as AddressInfo;
    this.logger.log({ port: chosen }, 'serving metrics on their own port');
    return chosen;
  }

  /** The service can be watched until here, while it drains. */
  async beforeApplicationShutdown(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    const cut = setTimeout(() => this.server.closeAllConnections(), PARTING_MS);
    await closed;
    clearTimeout(cut);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isKnown = request.url?.split('?', 1)[0] === '/metrics';
    if (!isKnown || request.method !== 'GET') {
      response.writeHead(isKnown ? 405 : 404, isKnown ? { allow: 'GET' } : {}).end();
      return;
    }
    try {
      const { status, headers, body } = await this.scrape.answer(request.headers.authorization);
      response.writeHead(status, { ...headers, 'cache-control': 'no-store' }).end(body);
    } catch (error) {
      this.logger.error({ err: error }, 'a scrape failed');
      response.writeHead(500).end();
    }
  }
}
