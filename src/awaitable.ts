/**
 * A value, or a promise of it. A copy in memory needs no promise; each would cost a refresh 1 µs.
 *
 * This file is not in a folder because every folder may use it, and it uses none.
 */
export type Awaitable<T> = T | Promise<T>;

/** Like `await value`, then `use(value)`, but calls `use` immediately if the value is already available. */
export function andThen<T, U>(value: Awaitable<T>, use: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(use) : use(value);
}
