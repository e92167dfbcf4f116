import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { built } from '../support/service-process.js';
import { eventually, freePort, temporaryFolder } from '../support/temporary.js';

/** What a process manager's cluster mode does: forks the service itself, and knows nothing of its messages. */
const PRIMARY = `
import cluster from 'node:cluster';
cluster.setupPrimary({ exec: process.env.MAIN, execArgv: [] });
cluster.fork();
cluster.fork();
process.on('SIGTERM', () => {
  for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
});
`;

beforeAll(built, 180_000);

it("under another program's cluster each process serves by itself, on an empty database too", async () => {
  const folder = temporaryFolder();
  const port = await freePort();
  const child = spawn(process.execPath, ['--input-type=module', '-e', PRIMARY], {
    cwd: folder.path,
    env: {
      PATH: process.env['PATH'],
      MAIN: resolve('dist/main.js'),
      PORT: String(port),
      WORKERS: '2',
      DATABASE_URL: `sqlite:${folder.path}/test.sqlite`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise((done) => child.once('close', done));
  const count = (text: string) => output.split(text).length - 1;
  await eventually('both listen', () => count('"msg":"listening"') === 2, 90_000);
  expect(count('WORKERS is ignored')).toBe(2);
  expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
  expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain('bo_auth_database_up 1');
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  folder.remove();
}, 120_000);
