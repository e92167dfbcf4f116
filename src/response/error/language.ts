import type { IncomingHttpHeaders } from 'node:http';
import Negotiator from 'negotiator';

/** The languages of the public texts of errors. */
export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * The language that `Accept-Language` prefers; `otherwise` if it prefers none of ours, accepts any, or is absent.
 *
 * @see RFC 9110 §12.5.4
 */
export function preferredLanguage(headers: IncomingHttpHeaders, otherwise: Language): Language {
  if (headers['accept-language'] === undefined) return otherwise;
  // Among languages that are equally welcome, the first wins.
  const offered = [otherwise, ...LANGUAGES.filter((language) => language !== otherwise)];
  return (new Negotiator({ headers }).language(offered) as Language | undefined) ?? otherwise;
}
