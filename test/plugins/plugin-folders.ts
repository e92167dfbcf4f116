import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PluginFailure, PluginLoadError } from '../../src/plugins/plugin-failure.js';
import { PluginRegistry } from '../../src/plugins/plugin-registry.js';

export const ACCESS_TOKEN = 'eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl';
export const REFRESH_TOKEN = 'T0pSecretRefreshTokenOf32Letters';

export const loginData = () => ({
  tokenUser: { userId: 'alice', userName: 'Alice', roleId: ['a_b'], depId: [] as string[] },
  timeStamp: 1,
  accessToken: ACCESS_TOKEN,
  refreshToken: REFRESH_TOKEN,
});

export const call = { ownerId: 'acme', method: 'GET', route: '/bo/api/v3/auth/token/refresh' };

/** Long enough for any machine to load a file, short enough to wait for. */
export const DEADLINE_MS = 400;
const folders: string[] = [];

/** A real folder with these files. Jest's own loader wants `"type": "module"` for `export`; Node's is tried below. */
export async function folderWith(files: Record<string, string>, type = 'module'): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'bo-plugins-')));
  folders.push(folder);
  for (const [name, text] of Object.entries({ 'package.json': JSON.stringify({ type }), ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

export async function registryOf(
  pluginsDir: string,
): Promise<{ registry: PluginRegistry; warnings: string[] }> {
  const warnings: string[] = [];
  const warn = (line: string) => void warnings.push(line);
  const registry = new PluginRegistry({ pluginsDir, warn, pluginDeadlineMs: DEADLINE_MS });
  await registry.onModuleInit();
  return { registry, warnings };
}

export async function registryWith(files: Record<string, string>): Promise<PluginRegistry> {
  return (await registryOf(await folderWith(files))).registry;
}

/** Behaves on the sample of the start and does `text` with alice's data. */
export const lateFault = (text: string) =>
  `export default (data, context) => { if (data.tokenUser.userId !== 'alice') return data; ${text} };`;

export async function failureOf(run: () => unknown): Promise<PluginFailure> {
  try {
    await run();
  } catch (error) {
    if (error instanceof PluginFailure) return error;
    throw error;
  }
  throw new Error('expected a PluginFailure');
}

export async function loadErrorOf(pluginsDir: string): Promise<string> {
  try {
    await registryOf(pluginsDir);
  } catch (error) {
    if (!(error instanceof PluginLoadError)) throw error;
    expect(error.message).toMatch(/^PLUGINS_DIR: [^\n]+$/);
    return error.message;
  }
  throw new Error('expected a PluginLoadError');
}

export function removeFolders(): void {
  afterAll(async () => {
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  });
}
