const ESCAPE = /%[0-9A-Fa-f]{2}/g;
const UNRESERVED = /^[A-Za-z0-9._~-]$/;

/**
 * The one form of an `http` or `https` URI in which equal URIs are equal texts: scheme and host in lower case, no default
 * port, no dot segments, no query, no fragment, no escapes of characters that need none, and the others in upper case.
 *
 * @returns `null` for anything else
 * @see RFC 9449 §4.3, RFC 3986 §6.2.2 and §6.2.3
 */
export function targetUri(text: string): string | null {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return null;
  const { origin, pathname } = new URL(text);
  return origin + withoutDots(pathname.replaceAll(ESCAPE, plainEscape));
}

function plainEscape(escape: string): string {
  const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return UNRESERVED.test(character) ? character : escape.toUpperCase();
}

/** Node.js 20 leaves dot segments that follow a segment like `.a`, as in `/.a/.`. @see RFC 3986 §5.2.4 */
function withoutDots(path: string): string {
  const segments = path.split('/').slice(1);
  const kept: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const isDots = segment === '.' || segment === '..';
    if (segment === '..') kept.pop();
    if (!isDots) kept.push(segment);
    else if (index === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}`;
}
