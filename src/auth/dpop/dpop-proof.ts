import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  errors as joseErrors,
  importJWK,
  jwtVerify,
} from 'jose';
import { z } from 'zod';

/** The signature algorithms of a proof: asymmetric ones only. @see RFC 9449 §4.3 */
export const DPOP_ALGORITHMS = ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'RS256', 'PS256'] as const;

/** Why a proof is refused; for the log, and for developers. `docs/dpop.md` lists all. */
export type ProofRefusal =
  | 'missing'
  | 'sent-twice'
  | 'too-long'
  | 'malformed'
  | 'bad-typ'
  | 'bad-alg'
  | 'bad-key'
  | 'bad-signature'
  | 'bad-claims'
  | 'wrong-method'
  | 'wrong-uri'
  | 'stale'
  | 'wrong-token'
  | 'other-key'
  | 'nonce-missing'
  | 'nonce-stale'
  | 'replayed';

/** A proof whose signature is valid. What it says of the request is still to be compared. */
export interface DpopProof {
  /** The thumbprint of its key (RFC 7638). */
  readonly jkt: string;
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  /** Seconds. */
  readonly iat: number;
  readonly ath?: string | undefined;
  readonly nonce?: string | undefined;
}

/** A proof by an RSA key of 4096 bits has about 2000 characters. */
const MAX_LENGTH = 4_096;
/** How far ahead the client's clock may be. */
export const SKEW_SECONDS = 60;

const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const base64url = z.string().regex(/^[\w-]+$/);
/**
 * The public members, and of RSA only sizes that are quick to verify: a modulus of at most 4096 bits and an exponent of
 * at most 32. The library refuses less than 2048 bits.
 */
const publicKey = z.discriminatedUnion('kty', [
  z.object({ kty: z.literal('EC'), crv: z.enum(['P-256', 'P-384']), x: base64url, y: base64url }),
  z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: base64url }),
  z.object({ kty: z.literal('RSA'), n: base64url.max(683), e: base64url.max(6) }),
]);
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;

const claimsSchema = z.object({
  jti: z.string().min(1),
  htm: z.string(),
  htu: z.string(),
  iat: z.number(),
  ath: z.string().optional(),
  nonce: z.string().optional(),
});

/**
 * Verifies a proof by itself: its form, its key, its signature and the presence of its claims.
 *
 * @param text the value of the `DPoP` header
 * @param now ms since the epoch
 * @see RFC 9449 §4.2, §4.3
 */
export async function openProof(text: string, now: number): Promise<DpopProof | ProofRefusal> {
  if (text.length > MAX_LENGTH) return 'too-long';
  // Node.js joins the values of a header that was sent twice.
  if (text.includes(',')) return 'sent-twice';
  if (!COMPACT.test(text)) return 'malformed';
  const header = headerOf(text);
  if (header === null) return 'malformed';
  const { alg, jwk } = header;
  if (!isAllowed(alg)) return 'bad-alg';
  if (typeof jwk !== 'object' || jwk === null || PRIVATE_MEMBERS.some((name) => name in jwk))
    return 'bad-key';
  const key = publicKey.safeParse(jwk);
  if (!key.success) return 'bad-key';
  const imported = await importJWK(key.data, alg).catch(() => null);
  if (imported === null) return 'bad-key';
  try {
    // Our callers judge `iat`. A proof needs no `exp` and no `nbf`, and must keep to those that it has.
    const times = { currentDate: new Date(now), clockTolerance: SKEW_SECONDS };
    const { payload } = await jwtVerify(text, imported, { algorithms: [alg], typ: 'dpop+jwt', ...times });
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) return 'bad-claims';
    return { jkt: await calculateJwkThumbprint(key.data), ...claims.data };
  } catch (error) {
    return refusalOf(error);
  }
}

function headerOf(text: string): { readonly alg?: unknown; readonly jwk?: unknown } | null {
  try {
    return decodeProtectedHeader(text);
  } catch {
    return null;
  }
}

function isAllowed(alg: unknown): alg is (typeof DPOP_ALGORITHMS)[number] {
  return (DPOP_ALGORITHMS as readonly unknown[]).includes(alg);
}

function refusalOf(error: unknown): ProofRefusal {
  if (error instanceof joseErrors.JWTExpired) return 'stale';
  if (error instanceof joseErrors.JWTClaimValidationFailed)
    return error.claim === 'typ' ? 'bad-typ' : 'bad-claims';
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) return 'bad-signature';
  // A key that does not fit the algorithm, such as an RSA key of 1024 bits.
  return error instanceof TypeError ? 'bad-key' : 'malformed';
}
