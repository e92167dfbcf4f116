import { routeMark } from './route-mark.js';

/** For calls that machines read in other formats (health, metrics, key sets): no envelope and no tenant headers. */
export const [RawResponse, isRawResponse] = routeMark();
