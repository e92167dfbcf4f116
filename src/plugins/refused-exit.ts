/**
 * Runs `work` while `process.exit` throws if the plugin's file calls it: the process would end without a word.
 *
 * @param file the real path of the plugin
 * @param onRefused called for each refused call, whose error the plugin may swallow
 */
export async function withoutExit<T>(
  file: string,
  onRefused: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const exit = process.exit.bind(process);
  process.exit = (code?: number | string | null): never => {
    // A signal during the start ends the process as usual.
    if (new Error('').stack?.includes(file) !== true) exit(code);
    onRefused();
    throw new Error('process.exit is refused');
  };
  try {
    return await work();
  } finally {
    process.exit = exit;
  }
}
