import type { RequestLog } from '../logging/request-log.js';
import type { ApiError } from '../response/error/error-catalogue.js';
import { unroutedRequests } from '../response/error/unrouted.js';

/** Logs and counts a failure that was answered before Fastify had a request. */
export function reportUnrouted(requestLog: RequestLog, requestId: string, failure: ApiError): void {
  requestLog.writeRefused(requestId, failure);
  unroutedRequests.publish(failure);
}
