import { createHash, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** The algorithms that a project may use instead of HS256; the first is the default choice. @see RFC 7518 §3.1 */
export const SIGNING_ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** NIST SP 800-57 asks for 3072 bits beyond 2030. A signature blocks the process, so no more than that. */
const RSA_BITS = 3072;

const CURVES = { ES256: 'P-256', ES384: 'P-384' } as const;

const generate = promisify(generateKeyPair);

/** @returns a new private key; the public one is a part of it */
export async function generateSigningKey(algorithm: SigningAlgorithm): Promise<KeyObject> {
  const { privateKey } =
    algorithm === 'ES256' || algorithm === 'ES384'
      ? await generate('ec', { namedCurve: CURVES[algorithm] })
      : await generate('rsa', { modulusLength: RSA_BITS });
  return privateKey;
}

/** A public key as verifiers read it, without any private member. @see RFC 7517 §4, RFC 7518 §6 */
export interface PublicJwk {
  readonly kty: 'EC' | 'RSA';
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: SigningAlgorithm;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

/** The public half of a private key; its `kid` is the thumbprint. */
export function publicJwk(privateKey: KeyObject, algorithm: SigningAlgorithm): PublicJwk {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  // Members are named one by one, so that a member that a later export adds is not published by accident.
  const key =
    jwk.kty === 'EC'
      ? { kty: 'EC' as const, crv: jwk.crv!, x: jwk.x!, y: jwk.y! }
      : { kty: 'RSA' as const, n: jwk.n!, e: jwk.e! };
  return { ...key, kid: thumbprint(key), use: 'sig', alg: algorithm };
}

/** SHA-256 over the required members in lexicographic order, base64url. @see RFC 7638 §3 */
export function thumbprint(key: Pick<PublicJwk, 'kty' | 'crv' | 'x' | 'y' | 'n' | 'e'>): string {
  const required =
    key.kty === 'EC'
      ? { crv: key.crv, kty: key.kty, x: key.x, y: key.y }
      : { e: key.e, kty: key.kty, n: key.n };
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}
