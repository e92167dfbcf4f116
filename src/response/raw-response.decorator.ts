import { routeMark } from './route-mark.js';

/**
 * For calls that machines read in formats of their own (health, metrics, key sets): no envelope, no tenant headers and
 * no rate limit.
 */
export const [RawResponse, isRawResponse] = routeMark();
