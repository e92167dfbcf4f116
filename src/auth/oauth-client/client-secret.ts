import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { OAuthClient } from './oauth-client.entity.js';

/** 256 random bits, as 43 characters of Base64url. */
export function newClientSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Unsalted and fast, because a secret is random: there is nothing to guess. */
export function clientSecretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Whether the secret is the client's present one, or its former one during the overlap. */
export function isSecretOf(client: OAuthClient, secret: string, now: number): boolean {
  const { secretHash, previousSecretHash, previousSecretUntil } = client;
  const hash = Buffer.from(clientSecretHash(secret));
  const is = (stored: string | null) => stored !== null && timingSafeEqual(Buffer.from(stored), hash);
  return (
    is(secretHash) || (previousSecretUntil !== null && now < previousSecretUntil && is(previousSecretHash))
  );
}
