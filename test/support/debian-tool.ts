import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const CACHE = resolve('node_modules/.cache/debian');

/** A program from a Debian package. */
export class DebianTool {
  private constructor(
    private readonly path: string,
    private readonly libraries: string,
  ) {}

  /**
   * Finds a program: named by a variable (`PROMTOOL` for promtool), or in the PATH. If there is none and this is root on
   * Debian, unpacks Debian's packages next to the modules without installing them.
   *
   * @returns `null` if the program is not available
   */
  static find(program: string, packages: readonly string[]): DebianTool | null {
    const folder = join(CACHE, program);
    const unpacked = new DebianTool(join(folder, 'usr/bin', program), libraryFolders(folder));
    const installed = [process.env[program.toUpperCase()], program]
      .filter((path) => path !== undefined)
      .map((path) => new DebianTool(path, ''));
    const found = [...installed, unpacked].find((tool) => tool.runs());
    return found ?? (unpack(folder, packages) ? DebianTool.find(program, []) : null);
  }

  run(args: readonly string[], input = ''): { status: number | null; stdout: string; stderr: string } {
    const env = this.libraries === '' ? process.env : { ...process.env, LD_LIBRARY_PATH: this.libraries };
    return spawnSync(this.path, args, { input, encoding: 'utf8', env });
  }

  private runs(): boolean {
    return this.run(['--version']).status === 0;
  }
}

/**
 * Unpacks Debian's packages into a folder that later runs use again.
 *
 * @returns `null` where that is not possible
 */
export function unpackedDebian(name: string, packages: readonly string[]): string | null {
  const folder = join(CACHE, name);
  return existsSync(join(folder, 'usr')) || unpack(folder, packages) ? folder : null;
}

function unpack(folder: string, packages: readonly string[]): boolean {
  if (packages.length === 0 || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return false;
  mkdirSync(folder, { recursive: true });
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, args, { cwd: folder, timeout: 120_000, stdio: 'ignore' }).status === 0;
  const download = () => run('apt-get', 'download', ...packages);
  if (!download() && !(run('apt-get', 'update') && download())) return false;
  const files = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  return files.every((file) => run('dpkg', '-x', file, '.'));
}

/** Debian keeps shared libraries in a folder for each architecture. */
function libraryFolders(folder: string): string {
  const lib = join(folder, 'usr/lib');
  return existsSync(lib)
    ? readdirSync(lib)
        .map((name) => join(lib, name))
        .join(':')
    : '';
}
