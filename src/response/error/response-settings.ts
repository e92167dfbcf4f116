import type { FastifyRequest } from 'fastify';
import type { Language } from './language.js';

/** `http`: the real status. `always200`: for old clients that handle no other status; the body is the same. */
export type StatusMode = 'http' | 'always200';

/** How the errors of a request are to be answered. */
export interface ResponseSettings {
  /** `oauth`: as RFC 6749 §5.2 says, whatever the project's other settings are. */
  readonly format?: 'oauth';
  readonly statusMode: StatusMode;
  /** The language for callers that prefer none. */
  readonly language: Language;
}

/** For requests whose project is not known. */
export const DEFAULT_SETTINGS: ResponseSettings = { statusMode: 'http', language: 'en' };

/** The response settings of a request's project. Implemented in the tenancy; works before any guard has run too. */
export abstract class ResponseSettingsSource {
  abstract of(request: FastifyRequest): Promise<ResponseSettings>;
}
