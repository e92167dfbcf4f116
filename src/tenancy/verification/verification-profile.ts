import { createDecipheriv, createSecretKey, type Decipher, type KeyObject } from 'node:crypto';
import { TimeZone } from '../time-zone.js';

export const VERIFICATION_CIPHERS = ['des-ecb', 'des-cbc', 'hmac-sha256'] as const;
export const VERIFICATION_ENCODINGS = ['base64', 'base64url', 'hex'] as const;
export type VerificationCipher = (typeof VERIFICATION_CIPHERS)[number];
export type VerificationEncoding = (typeof VERIFICATION_ENCODINGS)[number];

/** How callers of a project build their `XverifyApi` header. */
export interface VerificationProfile {
  cipher: VerificationCipher;
  /** Text; its UTF-8 bytes are the key. DES zero-pads or truncates them to 8, as crypto-js does. */
  key: string;
  /** Text, encoded like the key; `null` except for `des-cbc`. */
  iv: string | null;
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
  readonly cipher: 'des-ecb' | 'des-cbc';
  /** 8 bytes; `null` for `des-ecb`. */
  readonly iv: Buffer | null;
  /** Decrypts whole blocks independently (ECB), without removing the padding. */
  readonly blocks: Decipher;
}

export interface PreparedHmacProfile extends Prepared {
  readonly cipher: 'hmac-sha256';
}

/** A profile with its keys and zone prepared once, not on every request. Holds no key as text. */
export type PreparedProfile = PreparedDesProfile | PreparedHmacProfile;

const DES_BLOCK = 8;
const HMAC_KEY_MIN = 16;
const SKEW_MAX = 86_400;

/** The four weak and the twelve semi-weak keys of DES (NIST SP 800-67, on weak keys). */
const WEAK_DES_KEYS: ReadonlySet<string> = new Set(
  [
    ['0101010101010101', 'fefefefefefefefe', 'e0e0e0e0f1f1f1f1', '1f1f1f1f0e0e0e0e'],
    ['011f011f010e010e', '1f011f010e010e01', '01e001e001f101f1', 'e001e001f101f101'],
    ['01fe01fe01fe01fe', 'fe01fe01fe01fe01', '1fe01fe00ef10ef1', 'e01fe01ff10ef10e'],
    ['1ffe1ffe0efe0efe', 'fe1ffe1ffe0efe0e', 'e0fee0fef1fef1fe', 'fee0fee0fef1fef1'],
  ]
    .flat()
    .map((hex) => withoutParity(Buffer.from(hex, 'hex'))),
);

/** DES ignores the lowest bit of each byte, so a key is weak whatever its parity bits are. */
function withoutParity(key: Buffer): string {
  return Buffer.from(key.map((byte) => byte & 0xfe)).toString('hex');
}

/** UTF-8, zero-padded or truncated to one block, as crypto-js treats a key or an IV. */
function desBytes(text: string): Buffer {
  const bytes = Buffer.alloc(DES_BLOCK);
  Buffer.from(text, 'utf8').copy(bytes);
  return bytes;
}

/** UTF-8 cannot encode a lone surrogate: different keys would become the same bytes. */
function isWellFormed(text: string): boolean {
  return Buffer.from(text, 'utf8').toString('utf8') === text;
}

function keyProblems({ cipher, key }: VerificationProfile): string[] {
  if (key.length === 0) return ['The verification key is empty.'];
  if (!isWellFormed(key)) return ['The verification key is not well-formed Unicode.'];
  if (cipher === 'hmac-sha256') {
    if (Buffer.byteLength(key) >= HMAC_KEY_MIN) return [];
    return [`The verification key has fewer than ${HMAC_KEY_MIN} bytes, too few for hmac-sha256.`];
  }
  if (!WEAK_DES_KEYS.has(withoutParity(desBytes(key)))) return [];
  return ['The verification key is one of the weak or semi-weak keys of DES.'];
}

function ivProblems({ cipher, iv }: VerificationProfile): string[] {
  if (cipher !== 'des-cbc')
    return iv === null ? [] : [`The cipher ${cipher} takes no initialisation vector.`];
  if (iv === null || iv.length === 0) return ['The cipher des-cbc needs an initialisation vector.'];
  return isWellFormed(iv) ? [] : ['The initialisation vector is not well-formed Unicode.'];
}

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
  const { skewSeconds } = profile;
  if (!Number.isInteger(skewSeconds) || skewSeconds < 1 || skewSeconds > SKEW_MAX) {
    problems.push(`The clock skew is not a whole number of seconds from 1 to ${SKEW_MAX}.`);
  }
  return problems;
}

/**
 * Prepares a profile once, so that requests need not. Expects a profile without {@link profileProblems}.
 *
 * @throws RangeError on an unknown time zone or a `des-cbc` profile without IV
 */
export function prepareProfile(profile: VerificationProfile): PreparedProfile {
  const { cipher, encoding, stampRequired, iv } = profile;
  const zone = TimeZone.of(profile.timeZone);
  const common = { encoding, stampRequired, zone, skewMs: profile.skewSeconds * 1000 };
  if (cipher === 'hmac-sha256') {
    return { ...common, cipher, key: createSecretKey(profile.key, 'utf8') };
  }
  if (cipher === 'des-cbc' && iv === null) throw new RangeError('a des-cbc profile needs an IV');
  // Triple DES (EDE) with three equal keys equals single DES, which OpenSSL 3 offers only in its legacy provider
  const key = createSecretKey(Buffer.concat(Array.from({ length: 3 }, () => desBytes(profile.key))));
  return {
    ...common,
    cipher,
    key,
    iv: cipher === 'des-cbc' ? desBytes(iv ?? '') : null,
    blocks: createDecipheriv('des-ede3-ecb', key, null).setAutoPadding(false),
  };
}
