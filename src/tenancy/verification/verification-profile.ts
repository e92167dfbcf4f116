import { createDecipheriv, createSecretKey, type Decipher, type KeyObject } from 'node:crypto';
import { TimeZone } from '../time-zone.js';
import { desKey, ivBytes, ivProblems, keyProblems, secretBytes, takesIv } from './verification-key.js';

export const VERIFICATION_CIPHERS = [
  'des-ecb',
  'des-cbc',
  'des-ede3-ecb',
  'des-ede3-cbc',
  'hmac-sha256',
] as const;
/** `pkcs7` (RFC 5652 §6.3), or zero bytes up to a whole block. */
export const VERIFICATION_PADDINGS = ['pkcs7', 'zeros'] as const;
export const VERIFICATION_ENCODINGS = ['base64', 'base64url', 'hex'] as const;
export type VerificationCipher = (typeof VERIFICATION_CIPHERS)[number];
export type VerificationPadding = (typeof VERIFICATION_PADDINGS)[number];
export type VerificationEncoding = (typeof VERIFICATION_ENCODINGS)[number];

/** How callers of a project build their `XverifyApi` header. */
export interface VerificationProfile {
  cipher: VerificationCipher;
  /**
   * Text, whose UTF-8 bytes DES zero-pads or truncates, as crypto-js does; or the exact bytes as `hex:…` or `base64:…`.
   */
  key: string;
  /** Written like the key; `null` for ciphers without an IV. */
  iv: string | null;
  /** Ignored by `hmac-sha256`. */
  padding: VerificationPadding;
  /** The encoding of values that this service makes. Incoming values may use any encoding. */
  encoding: VerificationEncoding;
  /** Accepted difference between a stamp and the server's clock, and how long used GUIDs are stored. In seconds. */
  skewSeconds: number;
  stampRequired: boolean;
  /** IANA name of the zone of stamps that name no zone. */
  timeZone: string;
}

interface Prepared {
  readonly encoding: VerificationEncoding;
  readonly skewMs: number;
  readonly stampRequired: boolean;
  readonly zone: TimeZone;
  readonly key: KeyObject;
}

export interface PreparedDesProfile extends Prepared {
  readonly cipher: Exclude<VerificationCipher, 'hmac-sha256'>;
  readonly padding: VerificationPadding;
  /** 8 bytes; `null` for ECB. */
  readonly iv: Buffer | null;
  /** Decrypts whole blocks independently (ECB), without removing the padding. */
  readonly blocks: Decipher;
}

export interface PreparedHmacProfile extends Prepared {
  readonly cipher: 'hmac-sha256';
}

/** A profile with its keys and zone prepared once, not on every request. Holds no key as text. */
export type PreparedProfile = PreparedDesProfile | PreparedHmacProfile;

const SKEW_MAX = 86_400;

function timeZoneProblems({ timeZone }: VerificationProfile): string[] {
  try {
    TimeZone.of(timeZone);
    return [];
  } catch {
    return ['The time zone is not a name of the IANA time zone database.'];
  }
}

/**
 * Validates a profile before a project is created or changed.
 *
 * @returns one sentence for each problem, empty if the profile is valid; no sentence quotes the key or the IV
 */
export function profileProblems(profile: VerificationProfile): string[] {
  if (!VERIFICATION_CIPHERS.includes(profile.cipher)) {
    return [`The verification cipher is not one of ${VERIFICATION_CIPHERS.join(', ')}.`];
  }
  const problems = [...keyProblems(profile), ...ivProblems(profile), ...timeZoneProblems(profile)];
  if (!VERIFICATION_ENCODINGS.includes(profile.encoding)) {
    problems.push(`The verification encoding is not one of ${VERIFICATION_ENCODINGS.join(', ')}.`);
  }
  if (!VERIFICATION_PADDINGS.includes(profile.padding)) {
    problems.push(`The verification padding is not one of ${VERIFICATION_PADDINGS.join(', ')}.`);
  }
  const { skewSeconds } = profile;
  if (!Number.isInteger(skewSeconds) || skewSeconds < 1 || skewSeconds > SKEW_MAX) {
    problems.push(`The clock skew is not a whole number of seconds from 1 to ${SKEW_MAX}.`);
  }
  return problems;
}

/**
 * Prepares a profile once, so that requests need not. Expects a profile without {@link profileProblems}.
 *
 * @throws RangeError on an unknown time zone or a profile without the IV that its cipher needs
 */
export function prepareProfile(profile: VerificationProfile): PreparedProfile {
  const { cipher, encoding, padding, stampRequired, iv } = profile;
  const zone = TimeZone.of(profile.timeZone);
  const common = { encoding, stampRequired, zone, skewMs: profile.skewSeconds * 1000 };
  if (cipher === 'hmac-sha256') {
    return { ...common, cipher, key: createSecretKey(secretBytes(profile.key)) };
  }
  if (takesIv(cipher) && iv === null) throw new RangeError(`a ${cipher} profile needs an IV`);
  const key = createSecretKey(desKey(profile));
  return {
    ...common,
    cipher,
    padding,
    key,
    iv: takesIv(cipher) ? ivBytes(iv ?? '') : null,
    blocks: createDecipheriv('des-ede3-ecb', key, null).setAutoPadding(false),
  };
}
