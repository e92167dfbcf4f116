import type { SigningKey, SigningKeyStatus } from '../../auth/access-token/signing-key.js';
import type { SigningAlgorithm } from '../../auth/access-token/signing-algorithm.js';

/** A signing key as an administrator sees it: what is public of it. Times are ISO 8601, UTC. */
export interface SigningKeyView {
  kid: string;
  algorithm: SigningAlgorithm;
  status: SigningKeyStatus;
  publishedAt: string;
  /** When it began to sign; `null`: it never did. */
  signingAt: string | null;
  /** From when on it may be promoted without force; `null`: it signs, or is retired. */
  promotableAt: string | null;
  /** From when on it may be retired without force; `null`: it signs, or is retired. */
  retirableAt: string | null;
  retiredAt: string | null;
}

export function signingKeyView(key: SigningKey): SigningKeyView {
  return {
    kid: key.kid,
    algorithm: key.algorithm,
    status: key.status,
    publishedAt: new Date(key.publishedAt).toISOString(),
    signingAt: iso(key.signingAt),
    promotableAt: iso(key.promotableAt),
    retirableAt: iso(key.retirableAt),
    retiredAt: iso(key.retiredAt),
  };
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
