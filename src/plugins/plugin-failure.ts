import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';

/**
 * A plugin did not return an acceptable result. The request fails with 500 `PLUGIN_FAILED`, logs `reason` and uses up
 * no token.
 *
 * `reason` is safe to log. It never contains text that the plugin threw, and there is no `cause`, because either could
 * quote the data, including tokens.
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
 * An operator's plugin file cannot be used. The service does not start; `message` is one line that names the variable
 * and the file.
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
 * Describes a thrown value without any of its text: class, Node.js error code, file and line.
 *
 * @example `TypeError at fn-upper-user.js:3`, `Error ERR_MODULE_NOT_FOUND`, `a value that is not an Error`
 */
export function describeThrown(thrown: unknown, file: string): string {
  // instanceof fails for errors of another realm
  if (!types.isNativeError(thrown)) return 'a value that is not an Error';
  try {
    return [className(thrown), errorCode(thrown), location(thrown, file)].filter(Boolean).join(' ');
  } catch {
    return 'an Error that cannot be read';
  }
}

function className(error: Error): string {
  // not error.name: like the message, it can hold any text
  const name: unknown = Object.getPrototypeOf(error)?.constructor?.name;
  return typeof name === 'string' && ERROR_CLASS.test(name) ? name : 'Error';
}

function errorCode(error: Error): string {
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' && ERROR_CODE.test(code) ? code : '';
}

function location(error: Error, file: string): string {
  const frames = framesOf(error);
  for (const path of [pathToFileURL(file).href, file]) {
    const at = frames.indexOf(`${path}:`);
    if (at === -1) continue;
    const line = /^\d{1,6}/.exec(frames.slice(at + path.length + 1));
    if (line) return `at ${basename(file)}:${line[0]}`;
  }
  return '';
}

/** The first line of a plugin in a stack, such as `fn-upper-user.js:3`. */
export function pluginFrame(stack: string): string | undefined {
  return /\bfn-[a-z0-9][a-z0-9-]{0,63}\.js:\d{1,6}/.exec(stack)?.[0];
}

/**
 * Describes an error that nobody caught, without its message: class, code, and the line of the plugin that threw it or,
 * if none did, the frames of its stack.
 */
export function describeUncaught(thrown: unknown): { readonly error: string; readonly stack?: string[] } {
  if (!types.isNativeError(thrown)) return { error: 'a value that is not an Error' };
  try {
    const error = [className(thrown), errorCode(thrown)].filter(Boolean).join(' ');
    const frames = framesOf(thrown);
    const plugin = pluginFrame(frames);
    if (plugin !== undefined) return { error: `${error} at ${plugin}` };
    return { error, stack: frames.split('\n').filter((line) => /^ {4}at /.test(line)) };
  } catch {
    return { error: 'an Error that cannot be read' };
  }
}

/** The stack begins with the message, which may contain lines that look like frames. */
function framesOf(error: Error): string {
  const stack = String(error.stack);
  const head = stack.indexOf(error.message);
  return head === -1 ? stack : stack.slice(head + error.message.length);
}
