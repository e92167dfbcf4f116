/** Exit codes of the process. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** A failure whose message is printed without a stack: it says what is wrong and what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    message: string,
    readonly exitCode: (typeof EXIT)[keyof typeof EXIT] = EXIT.failure,
  ) {
    super(message);
  }
}

/** An error in the command line itself, e.g. an option's value. */
export function usage(message: string): CommandError {
  return new CommandError(message, EXIT.usage);
}
