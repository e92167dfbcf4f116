import { copyPlainData } from './plain-data.js';
import { describeThrown, PluginFailure } from './plugin-failure.js';
import type { PluginCall, ResponsePlugin } from './response-plugin.js';

/** An operator's plugin as its file gave it: any function at all, so far. */
export interface OperatorPlugin {
  readonly name: string;
  /** The real path of the file. */
  readonly file: string;
  readonly transform: (data: object, context: object) => unknown;
}

export interface Deadline {
  readonly milliseconds: number;
  /** Whether waiting alone keeps the process alive: at the start, when there is nothing else yet that would. */
  readonly keepsAlive: boolean;
}

export const LATE = Symbol('late');

/**
 * Waits for `work`, but not for ever. A rejection after the deadline is seen to, so that it ends no process.
 *
 * @returns {@link LATE} when the deadline came first
 */
export async function within<T>(work: PromiseLike<T>, deadline: Deadline): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(resolve, deadline.milliseconds, LATE);
    if (!deadline.keepsAlive) timer.unref();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Puts the rules around an operator's plugin: it is given a frozen copy, has a deadline for a promise, and what it
 * returns is checked and copied before anyone uses it. (A function that never returns cannot be stopped here:
 * plugins are trusted code.)
 *
 * @returns a plugin that answers at once where the operator's does, and fails only with {@link PluginFailure}
 */
export function guardPlugin(operator: OperatorPlugin, deadline: Deadline): ResponsePlugin {
  const { name, file, transform } = operator;
  const threw = (error: unknown) => new PluginFailure(name, `threw ${describeThrown(error, file)}`);

  return (data, call: PluginCall) => {
    const given = copyPlainData(data, 'frozen');
    if (given.kind === 'refused') throw new PluginFailure(name, `the data it was to get ${given.reason}`);
    // picked one by one: whatever else the caller's object holds is not the plugin's to see
    const { ownerId, method, route } = call;
    const context = Object.freeze({ plugin: name, ownerId, method, route });
    try {
      const result = transform(given.data, context);
      return isThenable(result) ? awaited(given.data, result) : accepted(given.data, result);
    } catch (error) {
      throw error instanceof PluginFailure ? error : threw(error);
    }
  };

  async function awaited(given: object, promised: PromiseLike<unknown>): Promise<object> {
    try {
      const result = await within(promised, deadline);
      if (result !== LATE) return accepted(given, result);
    } catch (error) {
      throw error instanceof PluginFailure ? error : threw(error);
    }
    throw new PluginFailure(name, `gave no answer within ${deadline.milliseconds} ms`);
  }

  function accepted(given: object, result: unknown): object {
    const copy = copyPlainData(result, 'mutable');
    if (copy.kind === 'refused') throw new PluginFailure(name, `its result ${copy.reason}`);
    const fault = tokenFault(given, copy.data);
    if (fault !== null) throw new PluginFailure(name, fault);
    return copy.data;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

const TOKENS = [
  { camel: 'accessToken', snake: 'access_token' },
  { camel: 'refreshToken', snake: 'refresh_token' },
] as const;

/**
 * A client that gets no token, or a wrong one, loses its session with a refresh that counts as done. So each token
 * that came in goes out, under either spelling, at any depth, and nothing else goes out under its name.
 */
function tokenFault(given: object, result: object): string | null {
  for (const { camel, snake } of TOKENS) {
    const token: unknown = Reflect.get(given, camel) ?? Reflect.get(given, snake);
    if (token === undefined || token === null) continue;
    const found = valuesOf(result, [camel, snake]);
    if (found.length === 0) return `its result lacks ${camel}`;
    if (found.some((value) => value !== token)) return `its result changed ${camel}`;
  }
  return null;
}

function valuesOf(data: object, keys: readonly string[]): unknown[] {
  return Object.entries(data).flatMap(([key, value]: [string, unknown]) => [
    ...(keys.includes(key) && !Array.isArray(data) ? [value] : []),
    ...(typeof value === 'object' && value !== null ? valuesOf(value, keys) : []),
  ]);
}
