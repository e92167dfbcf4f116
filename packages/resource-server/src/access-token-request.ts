import { AuthError, type Scheme } from './auth-error.js';

/** What the package reads of a request; those of Node.js, Express and Fastify fit. */
export interface HttpRequest {
  readonly method?: string | undefined;
  /** Path and query as the client sent them: `originalUrl` where a router changes `url`. */
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface PresentedToken {
  readonly scheme: Scheme;
  readonly token: string;
}

const CREDENTIALS = /^(Bearer|DPoP) +([A-Za-z0-9._~+/-]+=*) *$/i;

/** @see RFC 6750 §2.1, RFC 9449 §7.1 */
export function presentedToken({ headers }: HttpRequest): PresentedToken {
  const header = headers['authorization'];
  if (header === undefined || header === '') throw new AuthError('missing_token', 'no Authorization header');
  // Another scheme is no access token at all. @see RFC 6750 §3
  if (typeof header === 'string' && !/^(Bearer|DPoP)( |$)/i.test(header))
    throw new AuthError('missing_token', 'neither Bearer nor DPoP');
  const [, scheme, token] = (typeof header === 'string' && CREDENTIALS.exec(header)) || [];
  if (scheme === undefined || token === undefined)
    throw new AuthError('invalid_request', 'a malformed token');
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token };
}
