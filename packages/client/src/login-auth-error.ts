/** A call to the service that failed. */
export class LoginAuthError extends Error {
  override readonly name = 'LoginAuthError';

  constructor(
    /** The service's `errorCode`, such as `CREDENTIALS_REFUSED`; `NO_ANSWER` if there was none. */
    readonly code: string,
    message: string,
    /** The HTTP status, also of a project that answers 200 always; 0 without an answer. */
    readonly status: number,
    /** Seconds until another attempt makes sense, if the service said so. */
    readonly retryAfter?: number,
    override readonly cause?: unknown,
  ) {
    super(message);
  }
}
