import { pbkdf2 as derive, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { type PasswordFormat, saltProblem } from './stored-password.js';

/** What the text of a hash says. */
interface Pbkdf2 {
  readonly digest: Digest;
  readonly iterations: number;
  readonly salt: Buffer;
  readonly key: Buffer;
}

type Digest = keyof typeof DIGEST_BYTES;

const DIGEST_BYTES = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const;

/** Half a second: the recommendations of OWASP, NIST and Django are below a million. */
const MAX_WORK = 2_000_000;
const WORK_PER_MS = 4_000;
/** A shorter hash would be that of many passwords. */
const MIN_KEY = 16;
const MAX_KEY = 128;

const RULE =
  'must be PBKDF2 as a PHC string ($pbkdf2-sha256$i=…,l=…$salt$hash), or the Base64 of ASP.NET Identity version 3';
const LENGTH_RULE = 'must have a hash as long as l= says, or as its digest if there is no l=';
const SHORT_RULE = `must have a hash of at least ${MIN_KEY} bytes`;
const COST_RULE = `costs too much: the iterations times the digests of the hash may be up to ${MAX_WORK}`;

const deriveKey = promisify(derive);

export const pbkdf2: PasswordFormat = {
  problem(stored) {
    const parsed = parse(stored.passwordHash);
    if (typeof parsed === 'string') return { field: 'passwordHash', rule: parsed };
    if (parsed.key.length < MIN_KEY) return { field: 'passwordHash', rule: SHORT_RULE };
    return saltProblem(stored);
  },

  async matches({ passwordHash }, password) {
    const parsed = parse(passwordHash);
    if (typeof parsed === 'string') throw new Error(parsed);
    const { digest, iterations, salt, key } = parsed;
    return timingSafeEqual(await deriveKey(password, salt, iterations, key.length, digest), key);
  },

  decoy(hash) {
    const parsed = parse(hash);
    if (typeof parsed === 'string') throw new Error(parsed);
    const { digest, iterations, key } = parsed;
    const zeros = Buffer.alloc(key.length).toString('base64').replaceAll('=', '');
    return `$pbkdf2-${digest}$i=${iterations},l=${key.length}$${'A'.repeat(22)}$${zeros}`;
  },

  cost(hash) {
    const parsed = parse(hash);
    return typeof parsed === 'string' ? 0 : workOf(parsed) / WORK_PER_MS;
  },
};

/** @returns the rule that the text breaks, if it breaks one */
function parse(hash: string): Pbkdf2 | string {
  const parsed = hash.startsWith('$') ? ofPhc(hash) : ofAspNet(hash);
  if (typeof parsed === 'string') return parsed;
  if (parsed.iterations < 1 || parsed.key.length > MAX_KEY) return RULE;
  return workOf(parsed) > MAX_WORK ? COST_RULE : parsed;
}

function workOf({ iterations, key, digest }: Pbkdf2): number {
  return iterations * Math.ceil(key.length / DIGEST_BYTES[digest]);
}

/** Passlib writes the iterations without `i=`, and SHA-1 without its name. */
const PHC =
  /^\$pbkdf2(?:-(sha1|sha256|sha384|sha512))?\$(?:i=)?([1-9]\d{0,8})(?:,l=([1-9]\d{0,3}))?\$([^$]+)\$([^$]+)$/;

function ofPhc(hash: string): Pbkdf2 | string {
  const [, digest = 'sha1', iterations, length, salt, key] = PHC.exec(hash) ?? [];
  if (iterations === undefined) return RULE;
  const bytes = { salt: fromBase64(salt ?? ''), key: fromBase64(key ?? '') };
  if (bytes.salt === null || bytes.key === null) return RULE;
  const wanted = length === undefined ? DIGEST_BYTES[digest as Digest] : Number(length);
  if (bytes.key.length !== wanted) return LENGTH_RULE;
  return { digest: digest as Digest, iterations: Number(iterations), salt: bytes.salt, key: bytes.key };
}

/** RFC 4648 §4 or §5, padded or not; passlib writes `.` for `+`. @returns `null` for anything else */
function fromBase64(text: string): Buffer | null {
  const bare = text.replace(/={1,2}$/, '');
  if (!/^[\w+/.-]+$/.test(bare) || bare.length % 4 === 1) return null;
  return Buffer.from(bare.replaceAll('.', '+'), 'base64');
}

const ASP_NET_DIGESTS = ['sha1', 'sha256', 'sha512'] as const;
const ASP_NET_HEAD = 13;
const ASP_NET_KEY = 32;

/**
 * The marker 1, then, as big-endian 32-bit numbers, the digest, the iterations and the length of the salt; then the salt
 * and a key of 32 bytes.
 *
 * @see PasswordHasher.cs of ASP.NET Core Identity, `HashPasswordV3`
 */
function ofAspNet(hash: string): Pbkdf2 | string {
  const bytes = Buffer.from(hash, 'base64');
  if (bytes.toString('base64') !== hash || bytes[0] !== 1 || bytes.length < ASP_NET_HEAD) return RULE;
  const digest = ASP_NET_DIGESTS[bytes.readUInt32BE(1)];
  const key = bytes.subarray(ASP_NET_HEAD + bytes.readUInt32BE(9));
  if (digest === undefined || key.length !== ASP_NET_KEY) return RULE;
  const salt = bytes.subarray(ASP_NET_HEAD, -ASP_NET_KEY);
  return salt.length === 0 ? RULE : { digest, iterations: bytes.readUInt32BE(5), salt, key };
}
