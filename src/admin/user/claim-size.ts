import { errors } from '../../response/error/error-catalogue.js';
import type { User } from '../../tenancy/user/user.entity.js';

/**
 * How many bytes of JSON a user may add to an access token.
 *
 * With the other claims (at most 800 bytes), Base64, the header and an RS256 signature, a token stays below 7,000
 * characters: our own calls accept 8,192, and proxies commonly 8 KB for a header line.
 */
export const CLAIMS_MAX = 4096;

/** The fields of a user that a token or a login response carries. */
const FIELDS = [
  'userId',
  'userName',
  'clientId',
  'pushName',
  'roleId',
  'depId',
  'areaCode',
  'jobId',
  'sysId',
  'mergeUserId',
  'openId',
  'wbId',
  'wxOpenId',
  'wxUnionId',
  'telephone',
  'headIcon',
] as const satisfies readonly (keyof User)[];

/** The size of each field as JSON, in bytes of UTF-8; lists are joined by commas. */
function sizesOf(user: User): [field: string, bytes: number][] {
  return FIELDS.map((field) => [field, Buffer.byteLength(JSON.stringify(String(user[field])))]);
}

/** What the user adds to an access token, in bytes. */
export function claimSize(user: User): number {
  return sizesOf(user).reduce((sum, [, bytes]) => sum + bytes, 0);
}

/**
 * @param before the stored user: one that was too large before this limit existed may shrink
 * @throws PARAMETER_INVALID naming the sizes
 */
export function assertFitsToken(user: User, before: User | null): void {
  const size = claimSize(user);
  if (size <= CLAIMS_MAX || (before !== null && size <= claimSize(before))) return;
  const largest = sizesOf(user)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([field, bytes]) => `${field} ${bytes}`);
  throw errors.PARAMETER_INVALID({
    text: `The fields of the user take ${size} bytes of an access token, at most ${CLAIMS_MAX} are possible; the largest: ${largest.join(', ')}.`,
  });
}
