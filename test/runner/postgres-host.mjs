import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * The Postgres server of a run. Jest's main process starts it when the first spec asks for it, so that a run without
 * such specs pays nothing, and stops it after the last spec. Workers find it by the address in `TEST_POSTGRES`.
 */
let server = null;

const host = createServer((_request, response) => {
  server ??= start();
  server.then(
    ({ url }) => response.end(url),
    (error) => response.writeHead(500).end(String(error)),
  );
});

export default async function open() {
  host.listen(0, '127.0.0.1');
  await once(host, 'listening');
  process.env.TEST_POSTGRES = `http://127.0.0.1:${host.address().port}`;
}

export async function close() {
  host.close();
  host.closeAllConnections();
  const started = await server?.catch(() => null);
  await started?.stop();
  server = null;
}

async function start() {
  await import('./typescript.mjs');
  const { PostgresServer } = await import('../support/postgres.ts');
  return PostgresServer.start();
}
