import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { types } from 'node:util';
import { type Deadline, guardPlugin, LATE, type OperatorPlugin, within } from './guarded-plugin.js';
import { describeThrown, PluginFailure, PluginLoadError } from './plugin-failure.js';
import { defaultExportOf } from './plugin-module.js';
import { refuseExit } from './refused-exit.js';
import type { PluginCall } from './response-plugin.js';

const PLUGIN_FILE = /^fn-([a-z0-9][a-z0-9-]{0,63})\.js$/;
const NEARLY_A_PLUGIN_FILE = /^fn-.*\.(?:[cm]?js|[cm]?ts)$/is;

/** A made-up login answer. Every plugin must rewrite it at startup before it serves requests. */
const SAMPLE_LOGIN_DATA = {
  tokenType: 'Bearer',
  tokenUser: {
    clientId: 'sample-web',
    userId: 'sample',
    userName: 'Sample',
    pushName: '样本',
    roleId: ['development'],
    depId: [],
    areaCode: ['310000'],
    jobId: [],
    sysId: ['crm'],
    mergeUserId: [],
    developer: 0,
  },
  timeStamp: 1_615_456_560_000,
  refreshToken: 'SampleRefreshTokenOf32Characters',
  accessToken: 'sample.access.token',
  clientId: 'sample-web',
  expires: '2021-03-25T17:56:00',
  expiresIn: 60,
  tokenSeq: 1,
};
const SAMPLE_CALL: PluginCall = { ownerId: 'sample', method: 'POST', route: '/bo/api/v3/auth/token' };

export interface PluginFolderOptions {
  /** Names of the built-in plugins. */
  readonly reserved: ReadonlySet<string>;
  /** Time limit for loading one file, and again for its answer to the sample. */
  readonly deadlineMs: number;
  /** Called with one line for each file in the folder that is ignored. */
  readonly warn: (line: string) => void;
}

/**
 * Loads the operator's plugins, `fn-<name>.js` with a name of `[a-z0-9][a-z0-9-]{0,63}`, and runs each on a sample.
 * Returns an empty list if the folder does not exist.
 *
 * @throws {PluginLoadError} for the first file (by name) that cannot be used: refusing to start is better than
 *   failing the calls that use a documented plugin
 */
export async function readPluginFolder(
  folder: string,
  options: PluginFolderOptions,
): Promise<OperatorPlugin[]> {
  const root = await realFolder(folder);
  if (root === null) return [];
  const plugins: OperatorPlugin[] = [];
  for (const entry of await entriesOf(root, folder)) {
    const name = pluginName(entry, options);
    const file = name === null ? null : await pluginFile(root, entry, options);
    if (name === null || file === null) continue;
    plugins.push(await loadPlugin(name, file, options.deadlineMs));
  }
  return plugins;
}

/**
 * Loads one file and checks that it can rewrite the sample.
 *
 * @param file the real path
 * @throws {PluginLoadError}
 */
export async function loadPlugin(name: string, file: string, deadlineMs: number): Promise<OperatorPlugin> {
  let hasExited = false;
  const allowExit = refuseExit(
    (stack) => stack.includes(file),
    () => void (hasExited = true),
  );
  const plugin = await load(name, file, deadlineMs)
    .catch((error: unknown) => {
      if (!hasExited) throw error;
    })
    .finally(allowExit);
  if (plugin === undefined || hasExited) throw new PluginLoadError(`fn-${name}.js`, 'calls process.exit');
  return plugin;
}

async function load(name: string, file: string, deadlineMs: number): Promise<OperatorPlugin> {
  const label = `fn-${name}.js`;
  const deadline: Deadline = { milliseconds: deadlineMs, keepsAlive: true };
  const transform = await within(defaultExportOf(file), deadline).catch((error: unknown) => {
    throw new PluginLoadError(label, `does not load: ${describeThrown(error, file)}${hint(error)}`);
  });
  if (transform === LATE) throw new PluginLoadError(label, `did not load within ${deadlineMs} ms`);
  if (!isFunction(transform)) {
    throw new PluginLoadError(label, 'has no function as its default export or module.exports');
  }
  const plugin: OperatorPlugin = { name, file, transform };
  try {
    await guardPlugin(plugin, deadline)(SAMPLE_LOGIN_DATA, { plugin: name, ...SAMPLE_CALL });
  } catch (error) {
    const reason = error instanceof PluginFailure ? error.reason : describeThrown(error, file);
    throw new PluginLoadError(label, `fails on a sample login: ${reason}`);
  }
  return plugin;
}

async function realFolder(folder: string): Promise<string | null> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw new PluginLoadError(folder, `cannot be read (${errorCode(error)})`);
  }
}

async function entriesOf(root: string, folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw new PluginLoadError(folder, `cannot be read as a folder (${errorCode(error)})`);
  }
}

/** The name for `_nodejs` of a plugin file; `null` if the file name is not that of a plugin. */
export function pluginNameOf(fileName: string): string | null {
  return PLUGIN_FILE.exec(fileName)?.[1] ?? null;
}

function pluginName(entry: Dirent, { reserved, warn }: PluginFolderOptions): string | null {
  const name = pluginNameOf(entry.name);
  if (name === null) {
    if (NEARLY_A_PLUGIN_FILE.test(entry.name)) {
      warn(
        `PLUGINS_DIR: ${JSON.stringify(entry.name)} is ignored: not named fn-<name>.js, <name> as a-z, 0-9 and -`,
      );
    }
    return null;
  }
  if (!reserved.has(name)) return name;
  warn(`PLUGINS_DIR: ${entry.name} is ignored: ${name} is built in`);
  return null;
}

/** The real path of an entry, or `null` if it is not a file. A symbolic link must stay inside the folder. */
async function pluginFile(
  root: string,
  entry: Dirent,
  { warn }: PluginFolderOptions,
): Promise<string | null> {
  const file = await realpath(join(root, entry.name)).catch((error: unknown) => {
    throw new PluginLoadError(entry.name, `cannot be read (${errorCode(error)})`);
  });
  // compare with the separator: /plugins-old is not inside /plugins, but /plugins/..data/x is
  if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new PluginLoadError(entry.name, 'is a link to a file outside the folder');
  }
  if ((await stat(file)).isFile()) return file;
  warn(`PLUGINS_DIR: ${entry.name} is ignored: not a file`);
  return null;
}

/** Says how to see a syntax error, because its message is withheld like all messages. */
function hint(error: unknown): string {
  if (!types.isNativeError(error) || Object.getPrototypeOf(error)?.constructor?.name !== 'SyntaxError')
    return '';
  const esModuleRefused = /^(?:Unexpected token 'export'|Cannot use import statement outside a module)/;
  return esModuleRefused.test(error.message)
    ? ' (an ES module under a package.json that says "type": "commonjs")'
    : ' (node --check shows it)';
}

function isFunction(value: unknown): value is OperatorPlugin['transform'] {
  return typeof value === 'function';
}

function errorCode(error: unknown): string {
  return types.isNativeError(error) && 'code' in error ? String(error.code) : 'unknown error';
}
