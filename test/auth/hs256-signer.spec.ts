import { JwtService } from '@nestjs/jwt';
import * as fc from 'fast-check';
import { createSecretKey } from 'node:crypto';
import { keyId, signerOptions } from '../../src/auth/access-token/access-token-key.js';
import { Hs256Signer } from '../../src/auth/access-token/hs256-signer.js';

/** jsonwebtoken looks some names up among an object's own methods. */
const name = fc.string().map((text) => `x-${text}`);

describe('the HS256 signer', () => {
  const secret = createSecretKey(Buffer.from('a secret of thirty-two bytes, or more'));
  const kid = keyId('a secret of thirty-two bytes, or more');
  const jwt = new JwtService({ secret, ...signerOptions('HS256', kid) });
  const signer = new Hs256Signer(secret, kid);

  it('writes what JwtService writes, to the byte', () => {
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.string({ unit: 'binary' })),
        fc.integer({ min: 1 }),
        (texts, iat) => {
          const claims = { ...texts, iat };
          expect(signer.sign(claims)).toBe(jwt.sign(claims));
        },
      ),
    );
  });

  it('writes what JwtService verifies', () => {
    const token = signer.sign({ iss: 'RG3', aud: 'api', name: '开发管理员' });
    expect(jwt.verify<object>(token)).toMatchObject({ name: '开发管理员' });
  });
});
