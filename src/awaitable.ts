/** What is there already, or still to come. A copy at hand needs no promise, which would cost a refresh 1 µs for each. */
export type Awaitable<T> = T | Promise<T>;

/** Goes on at once with what is there, and with what is to come when it has come. */
export function whenThere<T, U>(value: Awaitable<T>, use: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(use) : use(value);
}
