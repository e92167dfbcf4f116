import type { FastifyRequest } from 'fastify';
import { ownerIdOf } from './tenant-header.js';

/** The OAuth endpoints of a project, which name it in the path instead of the `XownerId` header. */
export const OAUTH_PATH = '/bo/api/v3/oauth';

/** Metadata is at the longer form. @see RFC 8414 §3.1 */
const PATTERN =
  /^(?:\/\.well-known\/oauth-authorization-server)?\/bo\/api\/v3\/oauth\/([A-Za-z0-9._-]{1,64})(?:[/?]|$)/;

export function isOAuthPath(url: string): boolean {
  return PATTERN.test(url);
}

/** The project that a request names, in its path or in its `XownerId` header; `null` if it names none. It may not exist. */
export function namedOwnerId(request: FastifyRequest): string | null {
  return PATTERN.exec(request.url)?.[1] ?? ownerIdOf(request);
}
