import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';

/** A key of a client, which proves with each request that the client has it (RFC 9449). */
export class ProofKey {
  private readonly privateKey: KeyObject;
  private readonly header: string;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.privateKey = privateKey;
    this.header = part({ typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) });
  }

  proof(htm: string, htu: string, accessToken?: string): string {
    const ath = accessToken && createHash('sha256').update(accessToken).digest('base64url');
    const claims = { jti: randomUUID(), htm, htu, iat: Math.floor(Date.now() / 1000), ath };
    const text = `${this.header}.${part(claims)}`;
    const key = { key: this.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  }
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
