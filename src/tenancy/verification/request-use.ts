import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { createHmac, hash, hkdfSync } from 'node:crypto';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';

/**
 * SHA-256 over the parts of a request that make it one use of its `XverifyApi`: 43 characters of Base64url. The hash is
 * unkeyed, so no part may be a guessable secret: a body, which may hold a password, goes in as its keyed digest.
 */
export function digestUse(...parts: readonly (string | null)[]): string {
  // JSON quotes each part, so different lists never give the same text
  return hash('sha256', JSON.stringify(parts), 'base64url');
}

/**
 * Says what a request uses its `XverifyApi` for, to tell a retry of the same request from another use: method, path,
 * query, access token and body. A refresh token is in the query or in the body.
 */
@Injectable()
export class RequestUse {
  private readonly key: Buffer;

  constructor(@Inject(CONFIG) { peppers }: Config) {
    // The digest may be stored in Redis, where a plain hash of a login's body would let a reader guess the password.
    this.key = Buffer.from(hkdfSync('sha256', peppers.current.key, '', 'bo-auth bodies of requests', 32));
  }

  digest(request: FastifyRequest): string {
    return digestUse(
      request.method,
      request.url,
      request.headers.authorization ?? null,
      request.body === undefined ? null : this.bodyDigest(request),
    );
  }

  /** The text of a form is not kept. Its fields are flat, so its JSON is cheap to create and equivalent. */
  private bodyDigest({ bodyText, body }: FastifyRequest): string {
    return createHmac('sha256', this.key)
      .update(bodyText ?? JSON.stringify(body))
      .digest('base64url');
  }
}
