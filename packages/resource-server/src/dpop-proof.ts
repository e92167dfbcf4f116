import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, jwtVerify } from 'jose';
import { createHash } from 'node:crypto';
import type { Host } from './host.js';
import { targetUri } from './target-uri.js';

/** As bo-auth itself accepts them. */
export const DPOP_ALGORITHMS = ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'RS256', 'PS256'];
const MAX_LENGTH = 4_096;
const MAX_AGE_SECONDS = 300;
const SKEW_SECONDS = 60;
/** At about 100 bytes each. */
const MAX_REMEMBERED = 100_000;

/** What a proof must have been made for. */
export interface ProofTarget {
  readonly method: string;
  readonly uri: string;
  readonly accessToken: string;
  /** The thumbprint that the access token is bound to. */
  readonly jkt: string;
}

/**
 * Judges proofs of possession, and remembers them for as long as they could be sent again.
 *
 * @see RFC 9449 §4.3
 */
export class DpopProofs {
  /** When each proof was accepted, the oldest first. */
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly host: Host,
    private readonly capacity = MAX_REMEMBERED,
  ) {}

  /** @returns why the proof is refused; `null` if it is good */
  async refusalOf(
    header: string | readonly string[] | undefined,
    target: ProofTarget,
  ): Promise<string | null> {
    if (header === undefined || header === '') return 'no proof';
    if (typeof header !== 'string' || header.includes(',')) return 'more than one proof';
    if (header.length > MAX_LENGTH) return 'the proof is too long';
    const opened = await openProof(header, this.host.now());
    if (typeof opened === 'string') return opened;
    const { jkt, payload } = opened;
    if (jkt !== target.jkt) return 'the proof is by another key than the token is bound to';
    const { htm, htu, ath, iat, jti } = payload;
    if (typeof jti !== 'string' || jti === '' || typeof iat !== 'number') return 'no jti or iat';
    if (htm !== target.method) return 'the proof is for another method';
    const uri = typeof htu === 'string' ? targetUri(htu) : null;
    if (uri === null || uri !== targetUri(target.uri)) return 'the proof is for another URI';
    if (ath !== sha256(target.accessToken)) return 'the proof is for another access token';
    const now = this.host.now() / 1000;
    if (iat < now - MAX_AGE_SECONDS || iat > now + SKEW_SECONDS) return 'the proof is too old or too new';
    // Last, so that a proof that is refused for another reason is not used up.
    return this.isNew(sha256(jkt + jti).slice(0, 22)) ? null : 'the proof was used before';
  }

  private isNew(key: string): boolean {
    const now = this.host.monotonic();
    const old = now - (MAX_AGE_SECONDS + SKEW_SECONDS) * 1000;
    for (const [oldest, acceptedAt] of this.seen) {
      // Memory stays bounded; a proof is forgotten too early only after this many within six minutes.
      if (acceptedAt >= old && this.seen.size < this.capacity) break;
      this.seen.delete(oldest);
    }
    if (this.seen.has(key)) return false;
    this.seen.set(key, now);
    return true;
  }
}

async function openProof(text: string, now: number) {
  try {
    const { alg = '', jwk } = decodeProtectedHeader(text);
    if (!DPOP_ALGORITHMS.includes(alg)) return 'an algorithm that is not accepted';
    // Such keys take long to verify. The other limits are jose's.
    if (jwk === undefined || (jwk.n?.length ?? 0) > 683 || (jwk.e?.length ?? 0) > 6)
      return 'no key, or one that is too long';
    const { payload } = await jwtVerify(text, EmbeddedJWK, {
      algorithms: [alg],
      typ: 'dpop+jwt',
      currentDate: new Date(now),
      clockTolerance: SKEW_SECONDS,
    });
    return { payload, jkt: await calculateJwkThumbprint(jwk) };
  } catch (error) {
    return `not a valid proof: ${String(error)}`;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
