import { Topic } from '../../diagnostics/topic.js';
import type { ApiError } from './error-catalogue.js';

/** Published for each request that the HTTP parser or the router refused. Hooks, and so the log and the metrics, miss them. */
export const unroutedRequests = new Topic<ApiError>('bo-auth:unrouted-request');
