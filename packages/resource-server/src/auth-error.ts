import { DPOP_ALGORITHMS } from './dpop-proof.js';

/** The `error` of RFC 6750 §3.1 and RFC 9449 §7.1, and two that have none there. */
export type AuthErrorCode =
  | 'missing_token'
  | 'invalid_request'
  | 'invalid_token'
  | 'invalid_dpop_proof'
  | 'insufficient_scope'
  | 'temporarily_unavailable';

const ERRORS = {
  missing_token: [401, 'An access token is required'],
  invalid_request: [400, 'The Authorization header is malformed'],
  invalid_token: [401, 'The access token is invalid, has expired or was revoked'],
  invalid_dpop_proof: [401, 'The DPoP proof is invalid'],
  insufficient_scope: [403, 'The access token does not allow this'],
  temporarily_unavailable: [503, 'The access token cannot be verified at present'],
} as const;

export type Scheme = 'Bearer' | 'DPoP';

/** What the `WWW-Authenticate` header says besides the error. */
export interface Challenge {
  /** The scheme that the request used; `null` if it used none. */
  readonly scheme: Scheme | null;
  readonly isDpopAccepted: boolean;
  /** The scopes that the route requires. */
  readonly scopes?: readonly string[];
}

/**
 * Why a request is refused. Express and Fastify answer with `status` and `headers` by themselves. `message` may be shown to
 * the caller; `detail` is for the log.
 */
export class AuthError extends Error {
  readonly status: 400 | 401 | 403 | 503;
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: AuthErrorCode,
    readonly detail: string,
    { challenge, cause }: { readonly challenge?: Challenge; readonly cause?: unknown } = {},
  ) {
    const [status, message] = ERRORS[code];
    super(message, { cause });
    this.name = 'AuthError';
    this.status = this.statusCode = status;
    this.headers =
      status === 503
        ? { 'Retry-After': '5' }
        : challenge === undefined
          ? {}
          : { 'WWW-Authenticate': challengeText(code, message, challenge) };
  }

  /** The same error with the challenge of the request. */
  in(challenge: Challenge): AuthError {
    return new AuthError(this.code, this.detail, { challenge, cause: this.cause });
  }
}

/** @see RFC 6750 §3, RFC 9449 §7.1 and §7.2 */
function challengeText(
  code: AuthErrorCode,
  message: string,
  { scheme, isDpopAccepted, scopes = [] }: Challenge,
): string {
  const algs = `algs="${DPOP_ALGORITHMS.join(' ')}"`;
  // A request without credentials gets no error code.
  const error = scheme === null ? [] : [`error="${code}"`, `error_description="${message}"`];
  if (code === 'insufficient_scope' && scopes.length > 0) error.push(`scope="${scopes.join(' ')}"`);
  if (scheme === 'DPoP') return `DPoP ${[...error, algs].join(', ')}`;
  const bearer = error.length === 0 ? 'Bearer' : `Bearer ${error.join(', ')}`;
  return isDpopAccepted ? `${bearer}, DPoP ${algs}` : bearer;
}
