// @ts-check
/** Loaded into a server started with `--expose-gc`: on SIGUSR2 it collects garbage and writes the remaining bytes. */
import { appendFileSync } from 'node:fs';

process.on('SIGUSR2', () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  appendFileSync(process.env['HEAP_FILE'] ?? '/dev/null', `${heapUsed + external}\n`);
});
