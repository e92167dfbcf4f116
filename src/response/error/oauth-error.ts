import type { ApiError, ErrorCode } from './error-catalogue.js';

/** A failure as RFC 6749 §5.2 writes it. */
export interface OAuthError {
  readonly status: number;
  readonly error: string;
  readonly error_description: string;
}

/** The codes of RFC 6749 §5.2 and RFC 9449 §5, and 400 unless another status is given. */
const OAUTH_ERRORS: Partial<Record<ErrorCode, readonly [error: string, status?: number]>> = {
  CLIENT_REFUSED: ['invalid_client', 401],
  GRANT_TYPE_UNSUPPORTED: ['unsupported_grant_type'],
  GRANT_TYPE_FORBIDDEN: ['unauthorized_client'],
  SCOPE_INVALID: ['invalid_scope'],
  DPOP_PROOF_INVALID: ['invalid_dpop_proof'],
  // The project is a part of the path.
  PROJECT_UNKNOWN: ['invalid_request', 404],
  CREDENTIALS_REFUSED: ['invalid_grant'],
  LOGIN_LOCKED: ['invalid_grant'],
  PASSWORD_CHANGE_REQUIRED: ['invalid_grant'],
  SECOND_FACTOR_REQUIRED: ['invalid_grant'],
  SECOND_FACTOR_REFUSED: ['invalid_grant'],
  SECOND_FACTOR_ENROLMENT_REQUIRED: ['invalid_grant'],
  SESSION_LIMIT_REACHED: ['invalid_grant'],
  REFRESH_TOKEN_EXPIRED: ['invalid_grant'],
  REFRESH_TOKEN_REUSED: ['invalid_grant'],
  SESSION_LOGGED_OUT: ['invalid_grant'],
  SESSION_REPLACED: ['invalid_grant'],
  SESSION_ENDED_BY_ADMIN: ['invalid_grant'],
  SESSION_EXPIRED: ['invalid_grant'],
  PASSWORD_CHANGED: ['invalid_grant'],
  ACCOUNT_DISABLED: ['invalid_grant'],
  // invalid_grant would make the client sign out, although a newer token of its session exists.
  REFRESH_TOKEN_SUPERSEDED: ['temporarily_unavailable', 503],
  RATE_LIMITED: ['temporarily_unavailable', 429],
  UNAVAILABLE: ['temporarily_unavailable', 503],
};

/** @see RFC 6749 §5.2: `error_description` is ASCII, so it is English whatever the caller prefers */
export function oauthError({ errorCode, status, message, headers }: ApiError): OAuthError {
  const known = OAUTH_ERRORS[errorCode];
  const isNonce = errorCode === 'DPOP_PROOF_INVALID' && headers?.['dpop-nonce'] !== undefined;
  const error = isNonce
    ? 'use_dpop_nonce'
    : (known?.[0] ?? (status < 500 ? 'invalid_request' : 'server_error'));
  return {
    status: known === undefined ? status : (known[1] ?? 400),
    error,
    error_description: message.replaceAll(/[^\x20-\x7E]|["\\]/g, "'"),
  };
}
