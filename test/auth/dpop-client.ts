import {
  calculateJwkThumbprint,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { createHash, randomUUID } from 'node:crypto';
import { API, type Answer, type Call, call, type TestApp } from '../support/app.js';

/** What a proof says, each part replaceable; `undefined` leaves a claim out. */
export interface ProofParts {
  readonly claims?: JWTPayload;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** The origin of `app.inject()`. */
const ORIGIN = 'http://localhost';

/** A client with a key of its own, and proofs made by `jose` alone. */
export class DpopClient {
  private constructor(
    readonly test: TestApp,
    private readonly alg: string,
    private readonly privateKey: CryptoKey,
    readonly jwk: JWK,
    readonly jkt: string,
  ) {}

  static async of(test: TestApp, alg = 'ES256', options = {}): Promise<DpopClient> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true, ...options });
    const jwk = await exportJWK(publicKey);
    return new DpopClient(test, alg, privateKey, jwk, await calculateJwkThumbprint(jwk));
  }

  /** @param url below `/bo/api/v3` */
  proof(method: string, url: string, { claims = {}, header = {} }: ProofParts = {}): Promise<string> {
    const all = {
      jti: randomUUID(),
      htm: method,
      htu: `${ORIGIN}${API}${url.split('?')[0]}`,
      iat: Math.floor(this.test.clock.now() / 1000),
      ...claims,
    };
    return new SignJWT(all)
      .setProtectedHeader({ typ: 'dpop+jwt', alg: this.alg, jwk: this.jwk, ...header })
      .sign(this.privateKey);
  }

  /** Sends a request with a proof, and with an access token if one is given. */
  async call<T>(request: Call, parts: ProofParts & { accessToken?: string } = {}): Promise<Answer<T>> {
    const { accessToken } = parts;
    const ath = accessToken && createHash('sha256').update(accessToken).digest('base64url');
    const proof = await this.proof(request.method ?? 'GET', request.url, {
      ...parts,
      claims: { ...(ath && { ath }), ...parts.claims },
    });
    return call<T>(this.test, {
      ...request,
      headers: {
        ...(accessToken && { Authorization: `DPoP ${accessToken}` }),
        DPoP: proof,
        ...request.headers,
      },
    });
  }
}
