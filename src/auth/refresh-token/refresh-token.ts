import { createHash, createHmac, hkdfSync, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { decodeBase62, encodeBase62 } from './base62.js';

/**
 * A refresh token is 32 characters of `[0-9A-Za-z]`, the base-62 of 188 bits:
 *
 * ```
 * family id (64) ‖ generation (24) ‖ branch (4) ‖ MAC (96)
 * ```
 *
 * It is derived and never stored, not even as a hash: a leaked database without the pepper yields no valid token. And
 * the successor of a token can be computed again, which makes a retry idempotent.
 */

/** The position of a token in its family: `generation` 0 … 2^24-1, `branch` 0 … 15. */
export interface TokenPosition {
  readonly generation: number;
  readonly branch: number;
}

/** The fields of a token's text. Trust none of them before {@link verifyMac}. */
export interface ParsedRefreshToken extends TokenPosition {
  /** 16 lower-case hexadecimal characters. */
  readonly familyId: string;
  /** 12 bytes. */
  readonly mac: Buffer;
}

export const MAX_GENERATION = 2 ** 24 - 1;
export const MAX_BRANCH = 15;

const FAMILY_ID = /^[0-9a-f]{16}$/;
const TOKEN_BYTES = 24;
const MAC_BYTES = 12;
const KEY_BYTES = 32;
const PURPOSE = Buffer.from('bo-auth refresh token v1', 'ascii');
const NO_SALT = Buffer.alloc(0);

/** 64 random bits as 16 lower-case hexadecimal characters. */
export function newFamilyId(): string {
  return randomBytes(8).toString('hex');
}

/**
 * Checks the syntax only; each position and MAC has exactly one text. A token issued elsewhere may happen to be
 * well-formed: then its family is unknown or its MAC is wrong.
 */
export function parseRefreshToken(text: string): ParsedRefreshToken | null {
  const bytes = decodeBase62(text);
  if (bytes === null) return null;
  // The value is four bits short of 24 bytes, so its fields start in the middle of bytes: hexadecimal
  // digits 1…16 are the family id, 17…22 the generation, 23 the branch.
  const position = bytes.readUInt32BE(8) & 0x0fff_ffff;
  return {
    familyId: bytes.toString('hex', 0, 9).slice(1, 17),
    generation: position >>> 4,
    branch: position & 0x0f,
    mac: bytes.subarray(TOKEN_BYTES - MAC_BYTES),
  };
}

/**
 * The key of one family's MACs: HKDF-SHA256 (RFC 5869) of the pepper, its `info` the family's own secret,
 * the project and the family id. Each part is preceded by its length, so that no two families share an
 * `info`. The key of a family never changes, so callers may cache it with the family.
 *
 * @returns 32 bytes
 */
export function deriveFamilyKey(
  pepper: KeyObject,
  secret: Uint8Array,
  ownerId: string,
  familyId: string,
): Buffer {
  const owner = Buffer.from(ownerId, 'utf8');
  const family = Buffer.from(familyId, 'ascii');
  const parts = [PURPOSE, secret, owner, family];
  const info = Buffer.allocUnsafe(parts.reduce((length, part) => length + 2 + part.length, 0));
  let at = 0;
  for (const part of parts) {
    at = info.writeUInt16BE(part.length, at);
    info.set(part, at);
    at += part.length;
  }
  return Buffer.from(hkdfSync('sha256', pepper, NO_SALT, info, KEY_BYTES));
}

/** The token at this position of the family: the same text each time. */
export function issueToken(familyKey: Uint8Array, familyId: string, position: TokenPosition): string {
  if (!FAMILY_ID.test(familyId)) throw new RangeError('A family id is 16 lower-case hexadecimal characters');
  const bytes = Buffer.allocUnsafe(TOKEN_BYTES);
  bytes.write(`0${familyId}0`, 'hex');
  const packed = packPosition(position);
  // The last hexadecimal digit of the family id shares a byte with the generation's first.
  bytes.writeUInt32BE((((bytes[8]! & 0xf0) << 24) | packed) >>> 0, 8);
  bytes.write(mac(familyKey, packed), TOKEN_BYTES - MAC_BYTES, MAC_BYTES, 'latin1');
  return encodeBase62(bytes);
}

/** @param familyKey of the family that `token` names, in the project that the request names */
export function verifyMac(familyKey: Uint8Array, token: ParsedRefreshToken): boolean {
  return timingSafeEqual(Buffer.from(mac(familyKey, packPosition(token)), 'latin1'), token.mac);
}

/** The lookup key of a token that was issued elsewhere: SHA-256 of its text, 64 hexadecimal characters. */
export function importedTokenHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function packPosition({ generation, branch }: TokenPosition): number {
  if (!Number.isInteger(generation) || generation < 0 || generation > MAX_GENERATION) {
    throw new RangeError('A generation is a 24-bit number');
  }
  if (!Number.isInteger(branch) || branch < 0 || branch > MAX_BRANCH) {
    throw new RangeError('A branch is a 4-bit number');
  }
  return (generation << 4) | branch;
}

/** 12 bytes as Latin-1 text: allocating a Buffer for a digest costs as much as the digest itself. */
function mac(familyKey: Uint8Array, packedPosition: number): string {
  const message = Buffer.allocUnsafe(4);
  message.writeUInt32BE(packedPosition, 0);
  return createHmac('sha256', familyKey).update(message).digest('binary').slice(0, MAC_BYTES);
}
