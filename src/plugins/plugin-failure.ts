import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';

/**
 * A plugin that gave no acceptable result for one answer. The caller answers 500 `PLUGIN_FAILED`, logs `reason`
 * and spends no token.
 *
 * `reason` is fit for a log: what a plugin threw may quote the data, tokens included, so nothing of its text is
 * kept, and there is no `cause`.
 */
export class PluginFailure extends Error {
  override readonly name = 'PluginFailure';

  constructor(
    readonly plugin: string,
    readonly reason: string,
  ) {
    super(`plugin ${plugin}: ${reason}`);
  }
}

/**
 * An operator's plugin file that cannot be served. It stops the start; `message` is one line that names the file
 * and the variable to look at.
 */
export class PluginLoadError extends Error {
  override readonly name = 'PluginLoadError';

  constructor(file: string, reason: string) {
    super(`PLUGINS_DIR: ${file}: ${reason}`);
  }
}

const ERROR_CLASS = /^[A-Z][A-Za-z]{0,39}(?:Error|Exception)$/;
const ERROR_CODE = /^E[A-Z_]{1,63}$/;

/**
 * Says what was thrown without saying any of its text: class, Node's error code, file and line.
 *
 * @example `TypeError at fn-upper-user.js:3`, `Error ERR_MODULE_NOT_FOUND`, `a value that is no Error`
 */
export function describeThrown(thrown: unknown, file: string): string {
  // not instanceof: a plugin may run in another realm, and its errors with it
  if (!types.isNativeError(thrown)) return 'a value that is no Error';
  try {
    return [className(thrown), errorCode(thrown), location(thrown, file)].filter(Boolean).join(' ');
  } catch {
    return 'an Error that cannot be read';
  }
}

function className(error: Error): string {
  // the class and not error.name, which is a text like the message
  const name: unknown = Object.getPrototypeOf(error)?.constructor?.name;
  return typeof name === 'string' && ERROR_CLASS.test(name) ? name : 'Error';
}

function errorCode(error: Error): string {
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' && ERROR_CODE.test(code) ? code : '';
}

function location(error: Error, file: string): string {
  const stack = String(error.stack);
  // the message comes first in the stack and may hold line breaks that look like frames
  const head = stack.indexOf(error.message);
  const frames = head === -1 ? stack : stack.slice(head + error.message.length);
  for (const path of [pathToFileURL(file).href, file]) {
    const at = frames.indexOf(`${path}:`);
    if (at === -1) continue;
    const line = /^\d{1,6}/.exec(frames.slice(at + path.length + 1));
    if (line) return `at ${basename(file)}:${line[0]}`;
  }
  return '';
}
