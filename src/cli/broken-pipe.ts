/**
 * Ends quietly when the reader of a pipe leaves early, as in `bo-auth user list shop | head -1`: what is still printed
 * goes nowhere, and the work itself is finished.
 */
export function tolerateBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
}
