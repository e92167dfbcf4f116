/** An exact origin, `https://*.example.com` for one label below it, or `http://localhost:*` for any port. */
export type OriginPattern = string;

const ANY_LABEL = '://*.';
const ANY_PORT = ':*';
/** A serialised origin, which browsers send in lower case. Apps in a web view have schemes of their own. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;
const LABEL = /^[a-z0-9-]+$/;

export const ORIGIN_RULE = 'must be an origin such as https://admin.example.com, or https://*.example.com';

/** Origins that a developer's page may have. For development only. */
export const LOCAL_ORIGINS: readonly OriginPattern[] = [
  'http://localhost',
  'http://localhost:*',
  'http://127.0.0.1',
  'http://127.0.0.1:*',
];

/**
 * Whether an operator may list this: an origin exactly as browsers send it (RFC 6454 §6.2), so without a path and without
 * the scheme's default port, or one with `*` for a subdomain. `https://*.com` would be half of the web.
 */
export function isOriginPattern(text: string): boolean {
  if (!text.includes(ANY_LABEL)) return isOrigin(text);
  const parent = text.replace(ANY_LABEL, '://');
  return isOrigin(text.replace(ANY_LABEL, '://label.')) && /:\/\/[^:]+\.[^:]/.test(parent);
}

/** @param origin the `Origin` header, compared exactly as it was sent */
export function matchesOrigin(pattern: OriginPattern, origin: string): boolean {
  if (pattern.endsWith(ANY_PORT)) {
    const before = pattern.slice(0, -1);
    return origin.startsWith(before) && /^\d{1,5}$/.test(origin.slice(before.length));
  }
  const at = pattern.indexOf(ANY_LABEL);
  if (at === -1) return pattern === origin;
  const [scheme, domain] = [pattern.slice(0, at + 3), pattern.slice(at + ANY_LABEL.length - 1)];
  if (!origin.startsWith(scheme) || !origin.endsWith(domain)) return false;
  return LABEL.test(origin.slice(scheme.length, -domain.length));
}

function isOrigin(text: string): boolean {
  if (!ORIGIN.test(text)) return false;
  if (!/^https?:/.test(text)) return true;
  return URL.canParse(text) && new URL(text).origin === text;
}
