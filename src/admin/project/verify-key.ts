import { randomBytes, randomInt } from 'node:crypto';
import { z } from 'zod';
import { errors } from '../../response/error/error-catalogue.js';
import {
  judgeProfile,
  VERIFICATION_CIPHERS,
  type VerificationCipher,
  type VerificationProfile,
} from '../../tenancy/verification/verification-profile.js';
import { choice, text } from '../field.js';

/** The part of a profile that is secret, or goes with what is. */
export const verifyKeyShape = {
  verifyCipher: choice(VERIFICATION_CIPHERS).optional(),
  /** Absent: one is made. */
  verifyKey: text(1, 256).optional(),
  /** For `des-cbc`. Absent: one is made. */
  verifyIv: text(1, 64).optional(),
};

export type VerifyKeyInput = z.output<z.ZodObject<typeof verifyKeyShape>>;

export interface VerifyKey {
  readonly cipher: VerificationCipher;
  readonly key: string;
  readonly iv: string | null;
}

/**
 * Neighbours in ASCII differ in their lowest bit alone, which DES does not read: of each pair only one is here, so
 * that different texts are different keys. 31 characters, of 8: some 40 bits, about what text leaves of DES's 56.
 */
const DES_CHARACTERS = '02468BDFHJLNPRTVXZbdfhjlnprtvxz';
const DES_BYTES = 8;

/** A key from a given input, or a fresh one. */
export function verifyKeyOf(input: VerifyKeyInput, otherwise: VerificationCipher): VerifyKey {
  const cipher = input.verifyCipher ?? otherwise;
  return {
    cipher,
    key: input.verifyKey ?? freshKey(cipher),
    iv: input.verifyIv ?? (cipher === 'des-cbc' ? desText() : null),
  };
}

function freshKey(cipher: VerificationCipher): string {
  return cipher === 'hmac-sha256' ? randomBytes(32).toString('base64url') : desText();
}

function desText(): string {
  return Array.from({ length: DES_BYTES }, () => DES_CHARACTERS[randomInt(DES_CHARACTERS.length)]).join('');
}

/** @throws PARAMETER_INVALID for what no project may have, DES's weak keys among them */
export function assertSound(profile: VerificationProfile): void {
  const problems = judgeProfile(profile);
  if (problems.length > 0) throw errors.PARAMETER_INVALID({ text: problems.join(' ') });
}
