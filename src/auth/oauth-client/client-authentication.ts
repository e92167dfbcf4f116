import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Clock } from '../../config/clock.js';
import { type ApiError, errors } from '../../response/error/error-catalogue.js';
import { isSecretOf } from './client-secret.js';
import type { OAuthClient } from './oauth-client.entity.js';
import { OAuthClients } from './oauth-clients.js';

/** What a client presents of itself. */
interface Presented {
  readonly clientId: string;
  /** `null`: a public client. */
  readonly secret: string | null;
}

const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i;

/** @see RFC 7617 §2.1 */
const CHALLENGE = { 'www-authenticate': 'Basic realm="bo-auth", charset="UTF-8"' };

/**
 * Authenticates the client of a request: by HTTP Basic (`client_secret_basic`), by the body (`client_secret_post`), or, for
 * public clients, by its `client_id` alone (`none`).
 *
 * @see RFC 6749 §2.3
 */
@Injectable()
export class ClientAuthentication {
  constructor(
    private readonly clock: Clock,
    private readonly clients: OAuthClients,
  ) {}

  /** @throws CLIENT_REFUSED; PARAMETER_INVALID for a client that authenticates in two ways at once */
  async authenticate(request: FastifyRequest, ownerId: string): Promise<OAuthClient> {
    const { clientId, secret } = presentedIn(request);
    const client = await this.clients.find(ownerId, clientId);
    if (client === null) throw refused(request, 'unknown');
    if ((client.type === 'public') !== (secret === null))
      throw refused(request, client.type === 'public' ? 'a secret of a public client' : 'no secret');
    if (secret !== null && !isSecretOf(client, secret, this.clock.now()))
      throw refused(request, 'wrong secret');
    return client;
  }

  /** For calls that are only for services. @throws what {@link authenticate} throws */
  async confidential(request: FastifyRequest, ownerId: string): Promise<OAuthClient> {
    const client = await this.authenticate(request, ownerId);
    if (client.type !== 'confidential') throw refused(request, 'a public client');
    return client;
  }
}

function presentedIn(request: FastifyRequest): Presented {
  const body = bodyOf(request);
  const { authorization } = request.headers;
  const [clientId, secret] = [body['client_id'], body['client_secret']];
  for (const [field, value] of Object.entries({ client_id: clientId, client_secret: secret }))
    if (Array.isArray(value)) throw errors.PARAMETER_INVALID({ field, text: `${field} must be given once` });
  if (authorization === undefined) {
    if (typeof clientId !== 'string' || clientId === '') throw refused(request, 'no client_id');
    return { clientId, secret: typeof secret === 'string' && secret !== '' ? secret : null };
  }
  if (typeof secret === 'string' && secret !== '')
    throw errors.PARAMETER_INVALID({
      field: 'client_secret',
      text: 'client_secret must not be given besides the Authorization header',
    });
  const basic = basicIn(authorization);
  if (basic === null) throw refused(request, 'an ill-formed Authorization header');
  if (typeof clientId === 'string' && clientId !== '' && clientId !== basic.clientId)
    throw refused(request, 'two client ids');
  return basic;
}

/** Both parts are form-encoded before they are joined. @see RFC 6749 §2.3.1 */
function basicIn(authorization: string): Presented | null {
  const encoded = BASIC.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return null;
  try {
    return { clientId: formDecoded(text.slice(0, colon)), secret: formDecoded(text.slice(colon + 1)) };
  } catch {
    return null;
  }
}

function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

function bodyOf({ body }: FastifyRequest): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

/** All refusals look alike; the log has the reason. */
function refused(request: FastifyRequest, detail: string): ApiError {
  // A challenge to a page that did not authenticate by the header would make the browser ask for a password.
  const asksByHeader =
    request.headers.authorization !== undefined || bodyOf(request)['client_id'] === undefined;
  return errors.CLIENT_REFUSED({ detail, ...(asksByHeader && { headers: CHALLENGE }) });
}
