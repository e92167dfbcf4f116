import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { FeedWaiters } from '../oauth/feed/feed-waiters.js';
import { Draining } from './draining.js';

/** How long open connections may send a last request, whose answer asks them to close, in ms. */
const PARTING_MS = 1_500;
const LOOK_MS = 20;

/**
 * Ends the application without a failed request: it reports that it is not ready, keeps serving for `delayMs` while
 * load balancers turn elsewhere, accepts no more connections, answers requests that wait for something to happen and
 * all others with `Connection: close`, and closes everything once they are gone or silent.
 */
export async function drain(app: NestFastifyApplication, delayMs: number): Promise<void> {
  const server: NetServer = app.getHttpServer();
  const draining = app.get(Draining, { strict: false });
  draining.begin();
  await sleep(delayMs);
  // The HTTP server's own close would also cut the connections that are idle just now, on some of which the next
  // request is already under way.
  NetServer.prototype.close.call(server);
  app.get(FeedWaiters, { strict: false }).end();
  const until = performance.now() + PARTING_MS;
  const openConnections = promisify(server.getConnections.bind(server));
  while (performance.now() < until && (await openConnections()) > 0) await sleep(LOOK_MS);
  draining.connections.closeSilent();
  await app.close();
}
