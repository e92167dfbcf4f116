import type { JwtModuleOptions } from '@nestjs/jwt';
import { createHmac } from 'node:crypto';
import type { SigningAlgorithm } from './signing-algorithm.js';

export const ISSUER = 'RG3';
export const AUDIENCE = 'api';

/** Names a shared secret without telling anything of it. */
export function keyId(secret: string): string {
  return createHmac('sha256', secret).update('kid').digest('base64url').slice(0, 11);
}

/**
 * What ties a `JwtService` to one key. Each key has a service of its own: a call can then neither sign nor verify
 * with one key's secret and another's algorithm.
 *
 * @see RFC 8725 §3.1
 */
export function signerOptions(
  algorithm: SigningAlgorithm | 'HS256',
  keyid: string,
): Pick<JwtModuleOptions, 'signOptions' | 'verifyOptions'> {
  return {
    signOptions: { algorithm, keyid },
    verifyOptions: { algorithms: [algorithm], issuer: ISSUER, audience: AUDIENCE },
  };
}
