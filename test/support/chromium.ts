import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Debian's packages, best first: the headless build needs a fifth less CPU time. */
const PACKAGES = ['chromium-headless-shell', 'chromium'];

/** Installing the package takes one to two minutes. */
export const CHROMIUM_DEADLINE_MS = 600_000;

/** Starts the browser of CHROMIUM_PATH, or the system's; if there is none, installs one from Debian. */
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
  return path === '' ? (installed() ?? install()) : path;
}

function installed(): string | undefined {
  return PACKAGES.map((name) => `/usr/bin/${name}`).find((path) => existsSync(path));
}

function install(): string {
  const isDebianRoot = process.getuid?.() === 0 && existsSync('/etc/debian_version');
  if (isDebianRoot && aptGet('update'))
    PACKAGES.some((name) => aptGet('install', '-y', '--no-install-recommends', name));
  const path = installed();
  if (path !== undefined) return path;
  throw new Error(
    'The tests of the documentation page need Chromium: install it (Debian: apt-get install chromium-headless-shell), or name it in CHROMIUM_PATH.',
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
