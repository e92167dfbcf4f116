import type { ApiError, ErrorCode } from '../error/error-catalogue.js';
import { errorText } from '../error/error-text.js';
import type { Language } from '../error/language.js';
import type { Provenance } from '../../cache/provenance.js';

/** The one shape of every JSON answer under the API's prefix. */
export interface Envelope<T> {
  /** Always equal to `code === 0`. */
  success: boolean;
  /** 0, or the catalogue's number. */
  code: number;
  /** Empty, or one public sentence. */
  message: string;
  data: T | null;
  error: { errorCode: ErrorCode | null; errorText: string | null };
  /** The tier that the session data was read from; `null` if none was read. */
  cacheType: Provenance['cacheType'] | null;
  /** When that data was last read from the database: ISO 8601, UTC. */
  cacheDate: string | null;
}

export function successEnvelope<T>(data: T, provenance: Provenance | null): Envelope<T> {
  return {
    success: true,
    code: 0,
    message: '',
    data,
    error: { errorCode: null, errorText: null },
    cacheType: provenance?.cacheType ?? null,
    cacheDate: provenance === null ? null : new Date(provenance.readAt).toISOString(),
  };
}

export function failureEnvelope(error: ApiError, language: Language = 'en'): Envelope<never> {
  const text = errorText(error, language);
  return {
    success: false,
    code: error.code,
    message: text,
    data: null,
    error: { errorCode: error.errorCode, errorText: text },
    cacheType: null,
    cacheDate: null,
  };
}

/** @see RFC 9457: Problem Details for HTTP APIs. The extension members repeat the envelope's. */
export function problemDetails(error: ApiError, language: Language = 'en') {
  return {
    type: `urn:bo-auth:error:${error.errorCode}`,
    title: errorText(error, language),
    status: error.status,
    code: error.code,
    errorCode: error.errorCode,
  };
}

export const JSON_TYPE = 'application/json; charset=utf-8';
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';
