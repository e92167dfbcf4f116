/** What the process ends with. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** A sentence for the operator that says what is wrong and what to do, instead of a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    message: string,
    readonly exitCode: (typeof EXIT)[keyof typeof EXIT] = EXIT.failure,
  ) {
    super(message);
  }
}

/** For what was typed wrong. */
export function usage(message: string): CommandError {
  return new CommandError(message, EXIT.usage);
}
