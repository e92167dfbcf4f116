// Starts the service for development: compiles, restarts on every change, and prints the log for people.
//   npm run dev
//   node scripts/dev.mjs --debug    with the inspector on port 9229
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import pretty from 'pino-pretty';

const nest = createRequire(import.meta.url).resolve('@nestjs/cli/bin/nest.js');
const service = spawn(
  process.execPath,
  // No shell between: a signal reaches the service itself.
  [nest, 'start', '--watch', '--preserveWatchOutput', '--no-shell', ...process.argv.slice(2)],
  { stdio: ['inherit', 'pipe', 'inherit'] },
);

const log = pretty({
  colorize: process.stdout.isTTY,
  translateTime: 'HH:MM:ss.l',
  ignore: 'pid,route,method,status,ms,reqId,ip',
  messageFormat: '{msg}{if method} {method} {route} {status} in {ms} ms{end}',
  singleLine: true,
  sync: true,
});
service.stdout.pipe(log);

// Ctrl-C reaches every process of the terminal, so only SIGTERM is passed on. This process stays for the last lines.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => service.kill('SIGTERM'));
service.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
