import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { droppedLines, LogSink } from '../../src/logging/log-sink.js';
import { sample } from '../runner/sample.js';
import { built, endAll, newFolder, ServiceProcess } from '../support/service-process.js';
import { eventually } from '../support/temporary.js';

/** A fraction of the time after which a process that drains is killed. */
const ANSWER_MS = 5_000;

const { O_RDWR, O_NONBLOCK, O_WRONLY } = constants;

/** @returns a pipe that nobody reads, open for both ends */
function pipe(): { readonly file: string; readonly descriptor: number } {
  const file = join(newFolder(), 'pipe');
  execFileSync('mkfifo', [file]);
  return { file, descriptor: openSync(file, O_RDWR | O_NONBLOCK) };
}

function readAll(descriptor: number): string {
  const chunk = Buffer.alloc(65_536);
  let text = '';
  for (;;) {
    try {
      text += chunk.toString('latin1', 0, readSync(descriptor, chunk));
    } catch {
      return text;
    }
  }
}

beforeAll(built, 180_000);
afterAll(endAll);

/** What the log is, the number of workers, and more lines than it holds, of some 250 bytes. */
const LOGS = [
  ['is a pipe that nobody reads', () => openSync(pipe().file, O_RDWR), '1', 500],
  ['is a pipe that nobody reads, with several workers', () => openSync(pipe().file, O_RDWR), '2', 500],
  ['is on a disk that is full', () => openSync('/dev/full', O_WRONLY), '1', 100],
  ['is a socket that nobody reads', () => 'pipe' as const, '1', 1_500],
  ['is a socket whose reader has ended', () => 'pipe' as const, '1', 100],
] as const;

describe.each([
  ['the service', undefined, 1, sample(LOGS, 1)],
  ['a program with its log', resolve('test/support/log-writer.mjs'), 10, LOGS],
])('%s keeps running, and ends on SIGTERM, if its log', (_, program, linesOfRequest, logs) => {
  it.each(logs)(
    '%s',
    async (name, open, WORKERS, lines) => {
      const stdout = open();
      const env = { WORKERS, LINES: String(linesOfRequest) };
      const server = await ServiceProcess.spawn(env, { stdout, ...(program !== undefined && { program }) });
      await eventually('ready', () => server.isReady(), 60_000);
      const get = async (path: string) => {
        const answer = await fetch(server.url + path, { signal: AbortSignal.timeout(ANSWER_MS) });
        await answer.arrayBuffer();
        return answer.status;
      };
      if (name.endsWith('ended')) server.child.stdout?.destroy();
      else server.child.stdout?.pause();
      for (let sent = 0; sent < lines; sent += 25 * linesOfRequest)
        await Promise.all(Array.from({ length: 25 }, () => get('/bo/api/v3/nowhere')));
      expect(await get('/health/live')).toBe(200);
      server.child.kill('SIGTERM');
      await eventually('exit', () => server.child.exitCode !== null, 20_000);
      expect([server.child.exitCode, server.stderr]).toEqual([0, '']);
      if (typeof stdout === 'number') closeSync(stdout);
    },
    180_000,
  );
});

describe('a log that stalls', () => {
  it('keeps lines up to a limit, counts those beyond, and says so when it flows again', async () => {
    const { descriptor } = pipe();
    let dropped = 0;
    const unsubscribe = droppedLines.subscribe(() => dropped++);
    const resumed: number[] = [];
    const sink = new LogSink(descriptor, { gatherBytes: 4_096, onResume: (count) => resumed.push(count) });
    const line = (index: number) => `${String(index).padStart(6, '0')} ${'x'.repeat(992)}\n`;
    for (let index = 0; index < 6_000; index++) sink.write(line(index));
    unsubscribe();
    expect(dropped).toBeGreaterThan(1_000);
    let text = '';
    await eventually('resumed', () => {
      text += readAll(descriptor);
      return resumed.length > 0;
    });
    text += readAll(descriptor);
    expect(resumed).toEqual([dropped]);
    expect(text).toBe(Array.from({ length: 6_000 - dropped }, (_, index) => line(index)).join(''));
    closeSync(descriptor);
  });
});
