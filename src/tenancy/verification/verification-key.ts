import type { VerificationProfile } from './verification-profile.js';

const DES_BLOCK = 8;
const EDE3_KEY = 24;
const HMAC_KEY_MIN = 16;

const BYTES_PREFIX = /^(?:hex|base64):/;
const BYTES = /^(?:hex:((?:[0-9A-Fa-f]{2})+)|base64:((?:[A-Za-z0-9+/_-]{4})*[A-Za-z0-9+/_-]{2,4}={0,2}))$/;

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

/** The bytes after `hex:` or `base64:`; `null` if the key or IV is text. */
function explicitBytes(secret: string): Buffer | null {
  const [, hex, base64] = BYTES.exec(secret) ?? [];
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  return base64 === undefined ? null : Buffer.from(base64, 'base64');
}

/** Text is zero-padded or truncated, as crypto-js treats a key or an IV. */
function fitted(bytes: Buffer, length: number): Buffer {
  const all = Buffer.alloc(length);
  bytes.copy(all);
  return all;
}

export function secretBytes(secret: string): Buffer {
  return explicitBytes(secret) ?? Buffer.from(secret, 'utf8');
}

export function ivBytes(iv: string): Buffer {
  return fitted(secretBytes(iv), DES_BLOCK);
}

/**
 * The 24 bytes of a triple-DES key: three keys of 8 bytes, used to encrypt, decrypt and encrypt. Single DES is triple DES
 * with three equal keys, and OpenSSL 3 offers it only in its legacy provider. As in crypto-js, a triple-DES key of 8 bytes
 * is used three times, and the first 8 bytes of one of 16 are used again as the third.
 */
export function desKey({ cipher, key }: Pick<VerificationProfile, 'cipher' | 'key'>): Buffer {
  const bytes = secretBytes(key);
  const first = fitted(bytes, DES_BLOCK);
  if (!isTripleDes(cipher) || bytes.length === DES_BLOCK) return Buffer.concat([first, first, first]);
  return bytes.length === 2 * DES_BLOCK ? Buffer.concat([bytes, first]) : fitted(bytes, EDE3_KEY);
}

function isTripleDes(cipher: VerificationProfile['cipher']): boolean {
  return cipher === 'des-ede3-ecb' || cipher === 'des-ede3-cbc';
}

/** UTF-8 cannot encode a lone surrogate: different keys would become the same bytes. */
function isWellFormed(text: string): boolean {
  return Buffer.from(text, 'utf8').toString('utf8') === text;
}

/** What is wrong with a key or an IV whatever the cipher is, and with its length if it is given as bytes. */
function secretProblems(name: string, secret: string, lengths: readonly number[]): string[] {
  if (secret.length === 0) return [`The ${name} is empty.`];
  if (!isWellFormed(secret)) return [`The ${name} is not well-formed Unicode.`];
  if (!BYTES_PREFIX.test(secret)) return [];
  const bytes = explicitBytes(secret);
  if (bytes === null) return [`The ${name} is neither hex after hex: nor Base64 after base64:.`];
  if (lengths.length === 0 || lengths.includes(bytes.length)) return [];
  return [`The ${name} has ${bytes.length} bytes, not ${lengths.join(', ').replace(/, (\d+)$/, ' or $1')}.`];
}

export function keyProblems(profile: VerificationProfile): string[] {
  const { cipher, key } = profile;
  const isHmac = cipher === 'hmac-sha256';
  const lengths = isHmac ? [] : isTripleDes(cipher) ? [8, 16, 24] : [8];
  const problems = secretProblems('verification key', key, lengths);
  if (problems.length > 0) return problems;
  if (isHmac) {
    if (secretBytes(key).length >= HMAC_KEY_MIN) return [];
    return [`The verification key has fewer than ${HMAC_KEY_MIN} bytes, too few for hmac-sha256.`];
  }
  const bytes = desKey(profile);
  const parts = [0, 8, 16].map((start) => bytes.subarray(start, start + DES_BLOCK));
  if (!parts.every((part) => WEAK_DES_KEYS.has(withoutParity(part)))) return [];
  return ['The verification key is one of the weak or semi-weak keys of DES.'];
}

export function ivProblems({ cipher, iv }: VerificationProfile): string[] {
  if (!takesIv(cipher)) return iv === null ? [] : [`The cipher ${cipher} takes no initialisation vector.`];
  if (iv === null) return [`The cipher ${cipher} needs an initialisation vector.`];
  return secretProblems('initialisation vector', iv, [DES_BLOCK]);
}

export function takesIv(cipher: VerificationProfile['cipher']): boolean {
  return cipher === 'des-cbc' || cipher === 'des-ede3-cbc';
}
