import { HttpException } from '@nestjs/common';
import { QueryFailedError, TypeORMError } from 'typeorm';
import { PluginFailure } from '../../plugins/plugin-failure.js';
import { postgresFailure } from '../../database/postgres/postgres-failure.js';
import { StoreUnavailable } from '../../database/store-unavailable.js';
import { ApiError, type ErrorCode, errors } from './error-catalogue.js';

/** The error codes of Fastify, the body parsers and the router. */
const FRAMEWORK_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'REQUEST_MALFORMED',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_MAX_PARAM_LENGTH: 'URL_TOO_LONG',
};

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'REQUEST_MALFORMED',
  404: 'ROUTE_UNKNOWN',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  413: 'BODY_TOO_LARGE',
  414: 'URL_TOO_LONG',
  415: 'MEDIA_TYPE_UNSUPPORTED',
  431: 'HEADERS_TOO_LARGE',
  503: 'UNAVAILABLE',
};

/**
 * Turns anything that was thrown into an entry of the catalogue.
 *
 * Messages of frameworks and parsers are neither sent nor logged: V8's JSON errors quote the body.
 */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (isDataError(thrown)) return errors.INTERNAL({ detail: 'the database refused a value', cause: thrown });
  if (thrown instanceof StoreUnavailable || thrown instanceof TypeORMError)
    return errors.UNAVAILABLE({ detail: 'the database did not answer', cause: thrown, retryAfter: 1 });
  if (thrown instanceof PluginFailure) return errors.PLUGIN_FAILED({ detail: thrown.message });
  const { code, status } = described(thrown);
  const errorCode = FRAMEWORK_CODES[code] ?? BY_STATUS[status];
  if (errorCode !== undefined) return errors[errorCode]({ detail: `${code} ${status}` });
  if (status >= 400 && status < 500) return errors.REQUEST_MALFORMED({ detail: `${code} ${status}` });
  return errors.INTERNAL({ detail: 'not foreseen', cause: thrown });
}

/** A value that the database refused (SQLSTATE class 22) will be refused again: 503 would ask for a repetition. */
function isDataError(thrown: unknown): boolean {
  if (thrown instanceof StoreUnavailable) return thrown.isDataError;
  return thrown instanceof QueryFailedError && postgresFailure(thrown.driverError).isDataError;
}

function described(thrown: unknown): { code: string; status: number } {
  if (thrown instanceof HttpException) return { code: thrown.name, status: thrown.getStatus() };
  if (!(thrown instanceof Error)) return { code: '', status: 500 };
  const { code, statusCode } = thrown as { code?: unknown; statusCode?: unknown };
  return {
    code: typeof code === 'string' ? code : '',
    status: typeof statusCode === 'number' ? statusCode : 500,
  };
}
