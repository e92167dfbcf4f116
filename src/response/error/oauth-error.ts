import type { ApiError, ErrorCode } from './error-catalogue.js';

/** The error codes of the standard endpoints (RFC 6749 §5.2, RFC 7009 §2.2.1, RFC 9449 §5), with their statuses. */
export const OAUTH_ERRORS = {
  invalid_request: [400, 404],
  invalid_client: [401],
  invalid_grant: [400],
  invalid_scope: [400],
  unauthorized_client: [400],
  unsupported_grant_type: [400],
  unsupported_token_type: [400],
  invalid_dpop_proof: [400],
  use_dpop_nonce: [400],
  server_error: [500],
  temporarily_unavailable: [503, 429],
} as const satisfies Readonly<Record<string, readonly [number, ...number[]]>>;

export type OAuthErrorCode = keyof typeof OAUTH_ERRORS;

const BY_ERROR_CODE: Partial<Record<ErrorCode, OAuthErrorCode>> = {
  CLIENT_REFUSED: 'invalid_client',
  GRANT_TYPE_UNSUPPORTED: 'unsupported_grant_type',
  GRANT_TYPE_FORBIDDEN: 'unauthorized_client',
  SCOPE_INVALID: 'invalid_scope',
  TOKEN_TYPE_UNSUPPORTED: 'unsupported_token_type',
  DPOP_PROOF_INVALID: 'invalid_dpop_proof',
  CREDENTIALS_REFUSED: 'invalid_grant',
  LOGIN_LOCKED: 'invalid_grant',
  PASSWORD_CHANGE_REQUIRED: 'invalid_grant',
  SECOND_FACTOR_REQUIRED: 'invalid_grant',
  SECOND_FACTOR_REFUSED: 'invalid_grant',
  SECOND_FACTOR_ENROLMENT_REQUIRED: 'invalid_grant',
  SESSION_LIMIT_REACHED: 'invalid_grant',
  REFRESH_TOKEN_EXPIRED: 'invalid_grant',
  REFRESH_TOKEN_REUSED: 'invalid_grant',
  SESSION_LOGGED_OUT: 'invalid_grant',
  SESSION_REPLACED: 'invalid_grant',
  SESSION_ENDED_BY_ADMIN: 'invalid_grant',
  SESSION_EXPIRED: 'invalid_grant',
  PASSWORD_CHANGED: 'invalid_grant',
  ACCOUNT_DISABLED: 'invalid_grant',
  // invalid_grant would make the client sign out, although a newer token of its session exists.
  REFRESH_TOKEN_SUPERSEDED: 'temporarily_unavailable',
  RATE_LIMITED: 'temporarily_unavailable',
  UNAVAILABLE: 'temporarily_unavailable',
};

/** These keep the status that the catalogue gives them. */
const OWN_STATUS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ROUTE_UNKNOWN',
  'METHOD_NOT_ALLOWED',
  'REQUEST_TIMEOUT',
  'CURSOR_GONE',
  'BODY_TOO_LARGE',
  'RATE_LIMITED',
]);

/** A failure as RFC 6749 §5.2 writes it. */
export interface OAuthError {
  readonly status: number;
  readonly error: OAuthErrorCode;
  readonly error_description: string;
}

/** @see RFC 6749 §5.2: `error_description` is ASCII, so it is English whatever the caller prefers */
export function oauthError({ errorCode, status, message, headers }: ApiError): OAuthError {
  const error = headers?.['dpop-nonce'] === undefined ? codeOf(errorCode, status) : 'use_dpop_nonce';
  // The project is a part of the path.
  const own = errorCode === 'PROJECT_UNKNOWN' ? 404 : OAUTH_ERRORS[error][0];
  return {
    status: OWN_STATUS.has(errorCode) ? status : own,
    error,
    error_description: message.replaceAll(/[^\x20-\x7E]|["\\]/g, "'"),
  };
}

function codeOf(errorCode: ErrorCode, status: number): OAuthErrorCode {
  return BY_ERROR_CODE[errorCode] ?? (status < 500 ? 'invalid_request' : 'server_error');
}
