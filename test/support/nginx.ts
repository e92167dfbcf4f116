import { execFileSync, spawnSync } from 'node:child_process';

/** @returns nginx from the PATH or Debian's folder; installs it first if running as root on Debian */
export function findNginx(): string {
  const path = onPath() ?? installed();
  if (path === null) throw new Error('these tests need nginx on the PATH: e.g. apt-get install nginx-light');
  return path;
}

function onPath(): string | null {
  return ['nginx', '/usr/sbin/nginx'].find((path) => spawnSync(path, ['-v']).status === 0) ?? null;
}

function installed(): string | null {
  if (process.getuid?.() !== 0) return null;
  // Debian's package would start a server.
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    stdio: 'ignore',
    timeout: 180_000,
  } as const;
  try {
    execFileSync('apt-get', ['update', '-qq'], options);
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'nginx-light'], options);
  } catch {
    return null;
  }
  return onPath();
}
