import type { FastifyRequest } from 'fastify';
import { ownerIdOf } from './tenant-header.js';

/** The OAuth endpoints of a project, which name it in the path instead of the `XownerId` header. */
export const OAUTH_PATH = '/bo/api/v3/oauth';

/** The metadata has the longer form. @see RFC 8414 §3.1 */
const PATTERN =
  /^(?:\/\.well-known\/oauth-authorization-server)?\/bo\/api\/v3\/oauth\/([A-Za-z0-9._-]{1,64})(?:[/?]|$)/;

/** The project in the path of an OAuth endpoint; `null` for any other path. It may not exist. */
export function oauthOwnerId(url: string): string | null {
  return PATTERN.exec(url)?.[1] ?? null;
}

/** The project that a request names, in its path or in its `XownerId` header; `null` if it names none. It may not exist. */
export function namedOwnerId(request: FastifyRequest): string | null {
  return oauthOwnerId(request.url) ?? ownerIdOf(request);
}
