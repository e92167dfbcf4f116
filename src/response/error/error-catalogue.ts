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
 * token from a tampered, an expired or a foreign one, and `VERIFY_API_REFUSED` tells nothing about why, so that
 * neither is an oracle. The reason goes to the log.
 */
export const catalogue = {
  REQUEST_MALFORMED: { status: 400, code: 40_000, text: 'The request could not be read.' },
  PARAMETER_INVALID: { status: 400, code: 40_001, text: 'A parameter is missing or not valid.' },
  PROJECT_HEADER_INVALID: {
    status: 400,
    code: 40_002,
    text: 'The XownerId header must be sent once, with 1 to 64 of the characters A-Z a-z 0-9 . _ -',
  },
  HEADER_INVALID: { status: 400, code: 40_003, text: 'A tenant header was sent twice or is too long.' },
  SYSTEM_UNKNOWN: { status: 400, code: 40_004, text: 'The system named by XsysId does not exist.' },
  SHARE_USER_UNKNOWN: {
    status: 400,
    code: 40_005,
    text: 'A sharing user named by the headers does not exist or is not active.',
  },
  AREA_UNKNOWN: { status: 400, code: 40_006, text: 'The area named by XfilterAreaCode does not exist.' },
  PLUGIN_UNKNOWN: {
    status: 400,
    code: 40_007,
    text: 'The response plugin named by _nodejs does not exist. Nothing was spent.',
  },
  PROJECT_UNKNOWN: { status: 401, code: 40_101, text: 'The project is unknown or disabled.' },
  VERIFY_API_REFUSED: { status: 401, code: 40_102, text: 'The XverifyApi header was refused.' },
  REFRESH_TOKEN_EXPIRED: {
    status: 401,
    code: 40_103,
    text: 'The refresh token is not valid or has expired. Sign in again.',
  },
  REFRESH_TOKEN_REUSED: {
    status: 401,
    code: 40_104,
    text: 'The refresh token was used a second time, so its session was ended. Sign in again.',
  },
  CREDENTIALS_REFUSED: { status: 401, code: 40_105, text: 'The user name or the password is wrong.' },
  ACCESS_TOKEN_REFUSED: {
    status: 401,
    code: 40_106,
    text: 'The access token is missing, not valid or has expired.',
  },
  SYSTEM_FORBIDDEN: { status: 403, code: 40_301, text: 'The user may not use the system named by XsysId.' },
  AREA_FORBIDDEN: {
    status: 403,
    code: 40_302,
    text: 'The area named by XfilterAreaCode lies outside the areas of the user.',
  },
  ADMIN_FORBIDDEN: {
    status: 403,
    code: 40_303,
    text: 'This takes a developer of the project, or the operator of the platform.',
  },
  ROUTE_UNKNOWN: { status: 404, code: 40_401, text: 'There is nothing at this path.' },
  SESSION_UNKNOWN: { status: 404, code: 40_402, text: 'The caller has no such session.' },
  ADMIN_PROJECT_UNKNOWN: { status: 404, code: 40_403, text: 'There is no such project.' },
  USER_UNKNOWN: { status: 404, code: 40_404, text: 'The project has no such user.' },
  ADMIN_SYSTEM_UNKNOWN: { status: 404, code: 40_405, text: 'The project has no such system.' },
  SIGNING_KEY_UNKNOWN: { status: 404, code: 40_406, text: 'The project has no such signing key.' },
  METHOD_NOT_ALLOWED: { status: 405, code: 40_501, text: 'This path does not answer to that method.' },
  REQUEST_TIMEOUT: { status: 408, code: 40_801, text: 'The request did not arrive in time.' },
  REFRESH_TOKEN_SUPERSEDED: {
    status: 409,
    code: 40_901,
    text: 'A newer refresh token of this session exists. Use the newest one.',
  },
  PROJECT_EXISTS: { status: 409, code: 40_902, text: 'A project with this ownerId exists already.' },
  USER_EXISTS: {
    status: 409,
    code: 40_903,
    text: 'The project has a user with this userId or userName already.',
  },
  SYSTEM_EXISTS: { status: 409, code: 40_904, text: 'The project has a system with this sysId already.' },
  SIGNING_KEY_CONFLICT: {
    status: 409,
    code: 40_905,
    text: 'The signing keys of the project do not allow this now.',
  },
  SIGNING_KEY_TOO_EARLY: {
    status: 409,
    code: 40_906,
    text: 'An honest access token might be refused if this were done now.',
  },
  LAST_DEVELOPER: {
    status: 409,
    code: 40_907,
    text: 'The project would have no developer left. Make another user a developer first.',
  },
  BODY_TOO_LARGE: { status: 413, code: 41_301, text: 'The body is too large.' },
  URL_TOO_LONG: { status: 414, code: 41_401, text: 'The path is too long.' },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    code: 41_501,
    text: 'The body must be application/json or application/x-www-form-urlencoded.',
  },
  RATE_LIMITED: { status: 429, code: 42_901, text: 'Too many requests. Try again later.' },
  HEADERS_TOO_LARGE: { status: 431, code: 43_101, text: 'The URL and headers are too large.' },
  INTERNAL: { status: 500, code: 50_001, text: 'Something went wrong here.' },
  PLUGIN_FAILED: {
    status: 500,
    code: 50_002,
    text: 'The response plugin failed. The refresh token was not spent.',
  },
  UNAVAILABLE: {
    status: 503,
    code: 50_301,
    text: 'The service cannot answer right now. Keep the token and try again.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

export interface ApiErrorOptions {
  /** Replaces the catalogue's sentence where the caller can be told more, e.g. which parameter; public. */
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
    this.subject = options.subject;
  }
}

/** One factory an entry: `throw errors.SYSTEM_UNKNOWN({ detail })`. */
export const errors = Object.fromEntries(
  Object.keys(catalogue).map((errorCode) => [
    errorCode,
    (options?: ApiErrorOptions) => new ApiError(errorCode as ErrorCode, options),
  ]),
) as { readonly [K in ErrorCode]: (options?: ApiErrorOptions) => ApiError };
