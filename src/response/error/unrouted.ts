import { Topic } from '../../diagnostics/topic.js';
import type { ApiError } from './error-catalogue.js';

/** Requests that the HTTP parser or the router refused: they pass no hook, and so no request log or histogram. */
export const unroutedRequests = new Topic<ApiError>('bo-auth:unrouted-request');
