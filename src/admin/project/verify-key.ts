import { randomBytes, randomInt } from 'node:crypto';
import { z } from 'zod';
import { errors } from '../../response/error/error-catalogue.js';
import {
  profileProblems,
  VERIFICATION_CIPHERS,
  type VerificationCipher,
  type VerificationProfile,
} from '../../tenancy/verification/verification-profile.js';
import { SEALED_PREFIX } from '../../tenancy/project/verify-key-seal.js';
import { takesIv } from '../../tenancy/verification/verification-key.js';
import { choice, text } from '../field.js';

/** The key fields of a verification profile. */
export const verifyKeyShape = {
  verifyCipher: choice(VERIFICATION_CIPHERS).optional(),
  /** Text, or bytes as `hex:…` or `base64:…`. Absent: a random key. */
  verifyKey: text(1, 256)
    .refine((key) => !key.startsWith(SEALED_PREFIX), `must not begin with ${SEALED_PREFIX}`)
    .optional(),
  /** For CBC. Absent: random. */
  verifyIv: text(1, 64).optional(),
};

export type VerifyKeyInput = z.output<z.ZodObject<typeof verifyKeyShape>>;

export interface VerifyKey {
  readonly cipher: VerificationCipher;
  readonly key: string;
  readonly iv: string | null;
}

/**
 * DES ignores the lowest bit of each key byte. Of the characters that differ only in that bit one is listed, so that
 * different texts are different keys. 8 of 31 characters make about 40 bits.
 */
const DES_CHARACTERS = '02468BDFHJLNPRTVXZbdfhjlnprtvxz';
const DES_BYTES = 8;

/** The given key, or a random one. */
export function verifyKeyOf(input: VerifyKeyInput, otherwise: VerificationCipher): VerifyKey {
  const cipher = input.verifyCipher ?? otherwise;
  return {
    cipher,
    key: input.verifyKey ?? freshKey(cipher),
    iv: input.verifyIv ?? (takesIv(cipher) ? desText() : null),
  };
}

function freshKey(cipher: VerificationCipher): string {
  if (cipher === 'hmac-sha256') return randomBytes(32).toString('base64url');
  return cipher === 'des-ecb' || cipher === 'des-cbc' ? desText() : desText() + desText() + desText();
}

function desText(): string {
  return Array.from({ length: DES_BYTES }, () => DES_CHARACTERS[randomInt(DES_CHARACTERS.length)]).join('');
}

/** @throws PARAMETER_INVALID for a profile that no project may use, e.g. a weak DES key */
export function assertSound(profile: VerificationProfile): void {
  const problems = profileProblems(profile);
  if (problems.length > 0) throw errors.PARAMETER_INVALID({ text: problems.join(' ') });
}
