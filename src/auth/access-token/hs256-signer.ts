import { createHmac, type KeyObject } from 'node:crypto';

/** What signs access tokens; a `JwtService` is one. */
export interface AccessTokenSigner {
  sign(claims: object): string;
}

/**
 * The compact serialisation of a JWS under HS256, which every refresh pays for: `JwtService` takes 9 µs for it, this
 * 3.5, of a request's 70. It signs only; `JwtService` verifies, and a test holds one against the other.
 *
 * @see RFC 7515 §7.1
 */
export class Hs256Signer implements AccessTokenSigner {
  private readonly header: string;

  constructor(
    private readonly secret: KeyObject,
    keyid: string,
  ) {
    this.header = `${base64url(JSON.stringify({ alg: 'HS256', typ: 'JWT', kid: keyid }))}.`;
  }

  sign(claims: object): string {
    const signed = this.header + base64url(JSON.stringify(claims));
    return `${signed}.${createHmac('sha256', this.secret).update(signed).digest('base64url')}`;
  }
}

function base64url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
