import type { Subject } from '../prepared.js';

/** One kind of failure: what a caller sees of it. `docs/errors.md` is checked against this list. */
export interface CatalogueEntry {
  /** HTTP status. */
  readonly status: number;
  /** The envelope's `code`: the status and a running number, never reused. */
  readonly code: number;
  /** The public sentence. It never depends on a secret, on other callers' data or on the private reason. */
  readonly text: string;
}

/**
 * Every failure that the service can answer with.
 *
 * One entry may stand for several private reasons on purpose: `REFRESH_TOKEN_EXPIRED` does not tell an unknown
 * token from a tampered or a foreign one, and `VERIFY_API_REFUSED` tells nothing about why, so that neither is an
 * oracle. The reason goes to the log. Whoever holds a genuine token of a session learns why it ended.
 */
export const catalogue = {
  REQUEST_MALFORMED: {
    status: 400,
    code: 40_000,
    text: 'The request could not be parsed. Check the URL, the headers and the JSON.',
  },
  PARAMETER_INVALID: { status: 400, code: 40_001, text: 'A parameter is missing or invalid.' },
  PROJECT_HEADER_INVALID: {
    status: 400,
    code: 40_002,
    text: 'The XownerId header must be sent exactly once, with 1 to 64 of the characters A-Z a-z 0-9 . _ -',
  },
  HEADER_INVALID: {
    status: 400,
    code: 40_003,
    text: 'An optional tenant header was sent more than once or is longer than 64 characters.',
  },
  SYSTEM_UNKNOWN: {
    status: 400,
    code: 40_004,
    text: 'The system named by XsysId does not exist in this project.',
  },
  SHARE_USER_UNKNOWN: {
    status: 400,
    code: 40_005,
    text: 'A sharing user named by XuserFromFirstShareId or XuserFromSecondShareId does not exist in this project or is disabled.',
  },
  AREA_UNKNOWN: { status: 400, code: 40_006, text: 'The area named by XfilterAreaCode does not exist.' },
  PLUGIN_UNKNOWN: {
    status: 400,
    code: 40_007,
    text: 'The response plugin named by _nodejs does not exist. No token was spent.',
  },
  PASSWORD_TOO_WEAK: {
    status: 400,
    code: 40_008,
    text: 'The new password does not meet the rules of the project. Choose another one.',
  },
  GRANT_TYPE_UNSUPPORTED: {
    status: 400,
    code: 40_009,
    text: 'The grant_type must be password, refresh_token or client_credentials.',
  },
  GRANT_TYPE_FORBIDDEN: {
    status: 400,
    code: 40_010,
    text: 'This client may not use this grant_type.',
  },
  SCOPE_INVALID: {
    status: 400,
    code: 40_011,
    text: 'The scope is ill-formed, or wider than what the client or the refresh token has.',
  },
  TOKEN_TYPE_UNSUPPORTED: {
    status: 400,
    code: 40_012,
    text: 'The token of a service has no session that could end. It expires by itself.',
  },
  PROJECT_UNKNOWN: {
    status: 401,
    code: 40_101,
    text: 'The project named by XownerId does not exist or is disabled.',
  },
  VERIFY_API_REFUSED: {
    status: 401,
    code: 40_102,
    text: 'The XverifyApi header is missing, invalid, expired or already used. Generate a new value for each request.',
  },
  REFRESH_TOKEN_EXPIRED: {
    status: 401,
    code: 40_103,
    text: 'The refresh token is invalid or has expired. Sign in again.',
  },
  REFRESH_TOKEN_REUSED: {
    status: 401,
    code: 40_104,
    text: 'An old refresh token was used again, so the session was ended for security. Sign in again.',
  },
  CREDENTIALS_REFUSED: { status: 401, code: 40_105, text: 'The user name or password is wrong.' },
  ACCESS_TOKEN_REFUSED: {
    status: 401,
    code: 40_106,
    text: 'The access token is missing, invalid or expired. Refresh it and try again.',
  },
  SESSION_LOGGED_OUT: {
    status: 401,
    code: 40_107,
    text: 'The user has signed out of this session. Sign in again.',
  },
  SESSION_REPLACED: {
    status: 401,
    code: 40_108,
    text: 'A newer login has taken the place of this session. Sign in again.',
  },
  SESSION_ENDED_BY_ADMIN: {
    status: 401,
    code: 40_109,
    text: 'An administrator has ended this session. Sign in again.',
  },
  SESSION_EXPIRED: { status: 401, code: 40_110, text: 'The session has expired. Sign in again.' },
  PASSWORD_CHANGED: {
    status: 401,
    code: 40_111,
    text: 'The password was changed, which ended this session. Sign in with the new password.',
  },
  ACCOUNT_DISABLED: {
    status: 401,
    code: 40_112,
    text: 'The account is disabled. Contact an administrator.',
  },
  SECOND_FACTOR_REQUIRED: {
    status: 401,
    code: 40_113,
    text: 'The password is right. Send the same request again with the code of the second factor.',
  },
  SECOND_FACTOR_REFUSED: {
    status: 401,
    code: 40_114,
    text: 'The code of the second factor is wrong or was already used. Wait for the next one.',
  },
  CLIENT_REFUSED: {
    status: 401,
    code: 40_115,
    text: 'The client is unknown, or its authentication is missing or wrong.',
  },
  DPOP_PROOF_INVALID: {
    status: 401,
    code: 40_116,
    text: 'The DPoP proof is missing or invalid, or does not belong to the key of the session. No token was spent.',
  },
  SYSTEM_FORBIDDEN: {
    status: 403,
    code: 40_301,
    text: 'The user has no access to the system named by XsysId.',
  },
  AREA_FORBIDDEN: {
    status: 403,
    code: 40_302,
    text: 'The user has no access to the area named by XfilterAreaCode.',
  },
  ADMIN_FORBIDDEN: {
    status: 403,
    code: 40_303,
    text: 'This call requires the platform operator or, for most calls, a developer of the project.',
  },
  PASSWORD_CHANGE_REQUIRED: {
    status: 403,
    code: 40_304,
    text: 'The password must be changed before signing in.',
  },
  SECOND_FACTOR_ENROLMENT_REQUIRED: {
    status: 403,
    code: 40_305,
    text: 'The project requires a second factor. Enrol for it, then sign in.',
  },
  ROUTE_UNKNOWN: { status: 404, code: 40_401, text: 'This path does not exist.' },
  SESSION_UNKNOWN: {
    status: 404,
    code: 40_402,
    text: 'The current user has no active session with this id.',
  },
  ADMIN_PROJECT_UNKNOWN: { status: 404, code: 40_403, text: 'The project does not exist.' },
  USER_UNKNOWN: { status: 404, code: 40_404, text: 'The user does not exist in this project.' },
  ADMIN_SYSTEM_UNKNOWN: { status: 404, code: 40_405, text: 'The system does not exist in this project.' },
  SIGNING_KEY_UNKNOWN: { status: 404, code: 40_406, text: 'The signing key does not exist in this project.' },
  CLIENT_UNKNOWN: { status: 404, code: 40_407, text: 'The client does not exist in this project.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    code: 40_501,
    text: 'This path does not support this method. The Allow header lists the methods it supports.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    code: 40_801,
    text: 'The request was not complete in time. Send it again.',
  },
  REFRESH_TOKEN_SUPERSEDED: {
    status: 409,
    code: 40_901,
    text: 'A newer refresh token of this session exists. Use the newest one, or wait for Retry-After and try again.',
  },
  PROJECT_EXISTS: { status: 409, code: 40_902, text: 'A project with this ownerId already exists.' },
  USER_EXISTS: {
    status: 409,
    code: 40_903,
    text: 'A user with this userId or userName already exists in this project.',
  },
  SYSTEM_EXISTS: {
    status: 409,
    code: 40_904,
    text: 'A system with this sysId already exists in this project.',
  },
  SIGNING_KEY_CONFLICT: {
    status: 409,
    code: 40_905,
    text: 'The current state of the signing keys does not allow this operation.',
  },
  SIGNING_KEY_TOO_EARLY: {
    status: 409,
    code: 40_906,
    text: 'It is too early for this operation: valid access tokens could be refused. Wait, or set force.',
  },
  LAST_DEVELOPER: {
    status: 409,
    code: 40_907,
    text: 'The project would have no developer left. Make another user a developer first.',
  },
  SESSION_LIMIT_REACHED: {
    status: 409,
    code: 40_908,
    text: 'The user already has as many sessions as the project allows. Sign out elsewhere first.',
  },
  SECOND_FACTOR_CONFLICT: {
    status: 409,
    code: 40_910,
    text: 'The current state of the second factor does not allow this operation.',
  },
  USER_DISABLED: {
    status: 409,
    code: 40_911,
    text: 'The user or the project is disabled. Enable it first.',
  },
  CLIENT_EXISTS: {
    status: 409,
    code: 40_912,
    text: 'A client with this clientId already exists in this project.',
  },
  CURSOR_GONE: {
    status: 410,
    code: 41_001,
    text: 'The cursor is unknown or too old. Start over without one.',
  },
  BODY_TOO_LARGE: { status: 413, code: 41_301, text: 'The body is larger than 64 KiB.' },
  URL_TOO_LONG: { status: 414, code: 41_401, text: 'A part of the path is too long.' },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    code: 41_501,
    text: 'The body must be application/json or application/x-www-form-urlencoded.',
  },
  EXPECTATION_UNSUPPORTED: {
    status: 417,
    code: 41_701,
    text: 'The Expect header may only ask for 100-continue.',
  },
  RATE_LIMITED: { status: 429, code: 42_901, text: 'Too many requests. Wait for Retry-After and try again.' },
  LOGIN_LOCKED: {
    status: 429,
    code: 42_902,
    text: 'Too many failed logins with this user name. Wait for Retry-After and try again.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    code: 43_101,
    text: 'The URL and the headers together are larger than 16 KiB.',
  },
  INTERNAL: { status: 500, code: 50_001, text: 'An internal error occurred. Try again later.' },
  PLUGIN_FAILED: {
    status: 500,
    code: 50_002,
    text: 'The response plugin failed. No token was spent.',
  },
  UNAVAILABLE: {
    status: 503,
    code: 50_301,
    text: 'The service is temporarily unavailable. Keep the token, wait for Retry-After and send the same request again.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

export interface ApiErrorOptions {
  /** Public. Replaces the catalogue's sentence with a more precise one, e.g. one that names the parameter. */
  readonly text?: string;
  /** The path of the parameter or body field that is not valid; `text` begins with it. Logged as the detail. */
  readonly field?: string | undefined;
  /** The private reason, for the log alone. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** Seconds, for the `Retry-After` header. */
  readonly retryAfter?: number;
  /** Methods, for the `Allow` header (RFC 9110 §15.5.6). */
  readonly allow?: readonly string[];
  /** Further headers of the response, such as a challenge. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whose request failed, for the log alone. */
  readonly subject?: Subject;
}

/** A failure out of the {@link catalogue}. Thrown anywhere, answered by the error filter alone. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: number;
  readonly field: string | undefined;
  readonly detail: string | undefined;
  readonly retryAfter: number | undefined;
  readonly allow: readonly string[] | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly subject: Subject | undefined;

  constructor(
    readonly errorCode: ErrorCode,
    options: ApiErrorOptions = {},
  ) {
    const entry = catalogue[errorCode];
    super(options.text ?? entry.text, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = entry.status;
    this.code = entry.code;
    this.field = options.field;
    this.detail = options.detail ?? options.field;
    this.retryAfter = options.retryAfter;
    this.allow = options.allow;
    this.headers = options.headers;
    this.subject = options.subject;
  }
}

/** One factory for each entry: `throw errors.SYSTEM_UNKNOWN({ detail })`. */
export const errors = Object.fromEntries(
  Object.keys(catalogue).map((errorCode) => [
    errorCode,
    (options?: ApiErrorOptions) => new ApiError(errorCode as ErrorCode, options),
  ]),
) as { readonly [K in ErrorCode]: (options?: ApiErrorOptions) => ApiError };
