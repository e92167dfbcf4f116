import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const CACHE = resolve('node_modules/.cache/promtool');
const IN_CACHE = join(CACHE, 'usr/bin/promtool');

/**
 * Prometheus's own checker: `PROMTOOL`, else from the PATH, else, where this is root on a Debian, out of Debian's
 * package, which is unpacked beside the modules and not installed.
 *
 * @returns its path; `null` where it cannot be had
 */
export function findPromtool(): string | null {
  const known = [process.env['PROMTOOL'], 'promtool', IN_CACHE].find(
    (path) => path !== undefined && spawnSync(path, ['--version']).status === 0,
  );
  return known ?? unpacked();
}

function unpacked(): string | null {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return null;
  mkdirSync(CACHE, { recursive: true });
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, args, { cwd: CACHE, timeout: 120_000, stdio: 'ignore' }).status === 0;
  const download = () => run('apt-get', 'download', 'prometheus');
  if (!download() && !(run('apt-get', 'update') && download())) return null;
  const file = readdirSync(CACHE).find((name) => name.endsWith('.deb'));
  return file !== undefined && run('dpkg', '-x', file, '.') && existsSync(IN_CACHE) ? IN_CACHE : null;
}

/** Runs it with `input`. @returns what it said, where it was not content */
export function complaintOf(promtool: string, args: readonly string[], input = ''): string | null {
  const { status, stdout, stderr } = spawnSync(promtool, args, { input, encoding: 'utf8' });
  return status === 0 ? null : `${stdout}${stderr}`;
}
