import type { SigningKey, SigningKeyStatus } from '../../auth/access-token/signing-key.js';
import type { SigningAlgorithm } from '../../auth/access-token/signing-algorithm.js';

/** The public part of a signing key. Times are ISO 8601, UTC. */
export interface SigningKeyView {
  kid: string;
  algorithm: SigningAlgorithm;
  status: SigningKeyStatus;
  publishedAt: string;
  /** When the key started signing; `null` if it never did. */
  signingAt: string | null;
  /** When the key may be promoted without force; `null` if it is signing or retired. */
  promotableAt: string | null;
  /** When the key may be retired without force; `null` if it is signing or retired. */
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
