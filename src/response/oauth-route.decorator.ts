import { routeMark } from './route-mark.js';

/**
 * For the standard endpoints: the project is in the path, so they take no tenant headers, and what a handler prepares is
 * sent without the envelope. `ResponseSettings.format` gives their errors the form of RFC 6749 §5.2.
 */
export const [OAuthRoute, isOAuthRoute] = routeMark();
