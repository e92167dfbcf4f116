import { DPOP_ALGORITHMS } from './dpop-proof.js';

const ALGS = `algs="${DPOP_ALGORITHMS.join(' ')}"`;

/** For a refused access token that was sent as a Bearer. @see RFC 6750 §3 */
export const BEARER_CHALLENGE = 'Bearer error="invalid_token"';

/** The `WWW-Authenticate` header for a refused access token or proof. @see RFC 9449 §7.1 */
export function dpopChallenge(error: 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce'): string {
  return `DPoP error="${error}", ${ALGS}`;
}

/** The same for a request without an access token. @see RFC 9449 §7.2 */
export const ANY_CHALLENGE = `Bearer, DPoP ${ALGS}`;
