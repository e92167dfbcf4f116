import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { RedisLink } from '../../src/cache/redis-link.js';
import { startApp } from '../support/app.js';
import { eventually } from '../support/temporary.js';

/** Each attempt to connect opens one socket for commands and one for the subscription. */
const SOCKETS_OF_TWO_ATTEMPTS = 4;

it('a Redis that accepts connections and answers nothing is silent, at every attempt', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const test = await startApp({
    DATABASE_URL: 'sqlite::memory:',
    REDIS_URL: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  try {
    const link = test.app.get(RedisLink, { strict: false });
    expect(link.failure?.code).toBe('SILENT');
    await eventually('the second attempt', () => sockets.length >= SOCKETS_OF_TWO_ATTEMPTS, 30_000);
    expect(link.failure?.code).toBe('SILENT');
  } finally {
    await test.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
