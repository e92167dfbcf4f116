// The service's log in the smallest server that writes it: each answer logs LINES lines. A start costs a tenth of the service's.
import cluster from 'node:cluster';
import { createServer } from 'node:http';

const { createLogger } = await import(new URL('../../dist/logging/logger.js', import.meta.url).href);
const { PORT, WORKERS, LINES } = process.env;

if (cluster.isPrimary && WORKERS !== '1') {
  for (let worker = 0; worker < Number(WORKERS); worker++) cluster.fork();
  process.on('SIGTERM', () => {
    for (const { process: worker } of Object.values(cluster.workers)) worker.kill('SIGTERM');
  });
} else {
  const logger = createLogger('info');
  createServer((_request, response) => {
    for (let line = 0; line < Number(LINES); line++) logger.info({ filler: 'x'.repeat(150) }, 'request');
    response.end();
  }).listen(Number(PORT), '127.0.0.1');
  process.on('SIGTERM', () => process.exit(0));
}
