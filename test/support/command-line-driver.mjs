// Runs the received command lines, each as if in a separate process. See command-line.ts.
import { Readable } from 'node:stream';
import { run } from '../../dist/cli/run.js';

process.on('message', (given) => void runAlone(given));
process.once('disconnect', () => process.exit());

async function runAlone({ folder, args, input, env }) {
  const written = { stdout: '', stderr: '' };
  process.chdir(folder);
  process.env = { ...env };
  Object.defineProperty(process, 'stdin', {
    configurable: true,
    value: Readable.from(input === '' ? [] : [Buffer.from(input)]),
  });
  for (const name of ['stdout', 'stderr'])
    process[name].write = (chunk) => {
      written[name] += chunk;
      return true;
    };
  const code = await run(args);
  process.send({ code, ...written });
}
