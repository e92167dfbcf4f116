import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian's package puts it. */
const DEBIAN_CHROMIUM = '/usr/bin/chromium';

/** Bringing the package takes a minute or two. */
export const CHROMIUM_DEADLINE_MS = 600_000;

/** Starts a browser: the one of CHROMIUM_PATH, else the system's, else Debian's package, which is brought first. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

function chromiumPath(): string {
  const path = process.env['CHROMIUM_PATH'] ?? '';
  if (path !== '' && !existsSync(path)) throw new Error(`CHROMIUM_PATH: there is no file ${path}`);
  if (path !== '') return path;
  if (!existsSync(DEBIAN_CHROMIUM)) install();
  return DEBIAN_CHROMIUM;
}

function install(): void {
  const isDebianRoot = process.getuid?.() === 0 && existsSync('/etc/debian_version');
  if (
    isDebianRoot &&
    aptGet('update') &&
    aptGet('install', '-y', '--no-install-recommends', 'chromium') &&
    existsSync(DEBIAN_CHROMIUM)
  )
    return;
  throw new Error(
    'The tests of the documentation page need Chromium: install it (Debian: apt-get install chromium), or name it in CHROMIUM_PATH.',
  );
}

function aptGet(...args: string[]): boolean {
  const { status } = spawnSync('apt-get', ['-q', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: CHROMIUM_DEADLINE_MS / 2,
  });
  return status === 0;
}
