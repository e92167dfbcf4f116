import type { JwtModuleOptions } from '@nestjs/jwt';
import { createHmac } from 'node:crypto';
import type { SigningAlgorithm } from './signing-algorithm.js';

/** The `kid` of a shared secret. It discloses nothing of the secret. */
export function keyId(secret: string): string {
  return createHmac('sha256', secret).update('kid').digest('base64url').slice(0, 11);
}

/**
 * Binds a `JwtService` to one key and its algorithm. Each key has its own service, so no call can combine one key's
 * secret with another's algorithm.
 *
 * @see RFC 8725 §3.1
 */
export function signerOptions(
  algorithm: SigningAlgorithm | 'HS256',
  keyid: string,
): Pick<JwtModuleOptions, 'signOptions' | 'verifyOptions'> {
  return {
    signOptions: { algorithm, keyid },
    verifyOptions: { algorithms: [algorithm] },
  };
}
