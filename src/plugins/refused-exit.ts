/**
 * From now on `process.exit` throws when a plugin calls it: the process would end without a word, and cut the requests
 * in flight.
 *
 * @param isPlugins whether the stack of a call is that of a plugin
 * @param onRefused called for each refused call, whose error the plugin may swallow
 * @returns a function that ends it
 */
export function refuseExit(
  isPlugins: (stack: string) => boolean,
  onRefused: (stack: string) => void,
): () => void {
  // oxlint-disable-next-line unbound-method
  const { exit } = process;
  const guarded = (code?: number | string | null): never => {
    const stack = new Error('').stack ?? '';
    // A signal ends the process as usual.
    if (!isPlugins(stack)) return exit.call(process, code);
    onRefused(stack);
    throw new Error('process.exit is refused');
  };
  process.exit = guarded;
  return () => {
    if (process.exit === guarded) process.exit = exit;
  };
}
