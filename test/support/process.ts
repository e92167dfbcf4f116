import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** The built service in a separate process, as an operator starts it. */
export interface TestProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** All lines written so far to stdout and stderr. */
  readonly lines: readonly string[];
  /** Sends SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
}

const MAIN = 'dist/main.js';

const running = new Set<ChildProcess>();

/** Kills processes that a failed test left behind. */
export function killProcesses(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** @param nodeOptions options for `node` itself, before the program */
export async function startProcess(
  env: Readonly<Record<string, string>>,
  nodeOptions: readonly string[] = [],
): Promise<TestProcess> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: npm run build`);
  const child = spawn(process.execPath, [...nodeOptions, MAIN], {
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: 'sqlite::memory:',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const lines: string[] = [];
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const listening = new Promise<string>((resolve) => {
    for (const output of [child.stdout, child.stderr])
      createInterface(output).on('line', (line) => {
        lines.push(line);
        const url = /"url":"(http[^"]+)".*"msg":"listening"/.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      });
  });
  const url = await Promise.race([listening, exited.then(() => null)]);
  if (url === null) throw new Error(`the service ended at its start:\n${lines.join('\n')}`);
  return {
    url,
    child,
    lines,
    stop: async () => {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
  };
}
