import { copyPlainData } from './plain-data.js';
import { describeThrown, PluginFailure } from './plugin-failure.js';
import type { PluginCall, ResponsePlugin } from './response-plugin.js';

/** An operator's plugin as loaded from its file. The function is not trusted to follow the rules yet. */
export interface OperatorPlugin {
  readonly name: string;
  /** The real path of the file. */
  readonly file: string;
  readonly transform: (data: object, context: object) => unknown;
}

export interface Deadline {
  readonly milliseconds: number;
  /** Whether the timer keeps the process alive: needed at startup, when nothing else does. */
  readonly keepsAlive: boolean;
}

export const LATE = Symbol('late');

/**
 * Waits for `work` until the deadline. A later rejection is handled, so that it does not end the process.
 *
 * @returns the result of `work`, or {@link LATE} if the deadline passed first
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
 * Wraps an operator's plugin: it receives a frozen copy of the data, its promise has a deadline, and its result is
 * checked and copied. A function that never returns cannot be stopped here: plugins are trusted code.
 *
 * @returns a plugin that is synchronous if the operator's is, and fails only with {@link PluginFailure}
 */
export function guardPlugin(operator: OperatorPlugin, deadline: Deadline): ResponsePlugin {
  const { name, file, transform } = operator;
  const threw = (error: unknown) => new PluginFailure(name, `threw ${describeThrown(error, file)}`);

  return (data, call: PluginCall) => {
    const given = copyPlainData(data, 'frozen');
    if (given.kind === 'refused') throw new PluginFailure(name, `its input ${given.reason}`);
    // copy field by field: the plugin must not see other properties of the caller's object
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
 * Checks that the result still holds each input token, under either spelling and at any depth, and no other value under
 * that name. If a plugin dropped a token after a completed refresh, the client would lose its session.
 *
 * @returns why the result is refused, or `null`
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
