import type { Command } from 'commander';
import { realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { loadPlugin, pluginNameOf } from '../plugins/plugin-folder.js';
import { usage } from './exit-code.js';
import { write } from './output.js';
import { codeOf } from './secret-input.js';

const DEADLINE_MS = 5_000;

export function pluginCommands(program: Command): void {
  program
    .command('plugin')
    .description('response plugins')
    .command('check <file>')
    .description('load a plugin and run it on a sample login, as the service does when it starts')
    .action(async (file: string, _options: object, command: Command) => {
      const name = pluginNameOf(basename(file));
      if (name === null)
        throw usage(
          'the file name must be fn-<name>.js, where <name> is 1 to 64 of a-z, 0-9 and -: rename the file',
        );
      const path = await realFile(file);
      const began = performance.now();
      await loadPlugin(name, path, DEADLINE_MS);
      const ms = Math.round(performance.now() - began);
      write(
        command,
        { plugin: name, ok: true, ms },
        `${basename(file)} is valid: _nodejs=${name} (${ms} ms)`,
      );
    });
}

async function realFile(file: string): Promise<string> {
  try {
    const path = await realpath(file);
    if (!(await stat(path)).isFile()) throw usage(`${JSON.stringify(file)} is not a file`);
    return path;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw usage(`the file ${JSON.stringify(file)} cannot be read (${codeOf(error)})`);
    throw error;
  }
}
