import type { FastifyInstance } from 'fastify';
import type { Administrator } from '../admin/administrator.js';
import type { Caller } from '../auth/bearer/bearer.guard.js';
import type { Awaitable } from '../awaitable.js';
import type { Provenance } from '../cache/provenance.js';
import type { ApiError } from '../response/error/error-catalogue.js';
import type { Subject } from '../response/prepared.js';
import type { Tenant } from '../tenancy/tenant.js';

/** What guards, interceptors and the error filter leave on a request for those after them; `null` until it is set. */
interface RequestState {
  /** A JSON body as it was sent; `null` for a form and without a body. */
  bodyText: string | null;
  /** Set by `TenantHeadersGuard`. */
  tenant: Tenant | null;
  /** Makes the request's `XverifyApi` good for another use; `null` if this request was not the first to use it. */
  releaseXverifyApi: (() => Awaitable<unknown>) | null;
  /** Set by `BearerGuard`. */
  caller: Caller | null;
  /** Set by `AdministratorGuard`. */
  administrator: Administrator | null;
  /** The error that the request is answered with. The log and the metrics read its private half. */
  failure: ApiError | null;
  /** Where a successful answer's data was read from, and whom it is about; for the log and the trace. */
  provenance: Provenance | null;
  subject: Subject | null;
  /** The trace that the request belongs to: 32 hexadecimal digits. */
  traceId: string | null;
}

declare module 'fastify' {
  interface FastifyRequest extends RequestState {}
}

const EMPTY: RequestState = {
  bodyText: null,
  tenant: null,
  releaseXverifyApi: null,
  caller: null,
  administrator: null,
  failure: null,
  provenance: null,
  subject: null,
  traceId: null,
};

/** Gives every request these fields from the start, so that all requests share one hidden class in V8. */
export function decorateRequests(fastify: FastifyInstance): void {
  for (const [name, value] of Object.entries(EMPTY)) fastify.decorateRequest(name, value);
}
