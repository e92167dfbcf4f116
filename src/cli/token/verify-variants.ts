import { createHash } from 'node:crypto';
import {
  prepareProfile,
  profileProblems,
  VERIFICATION_CIPHERS,
  VERIFICATION_PADDINGS,
  type VerificationProfile,
} from '../../tenancy/verification/verification-profile.js';
import { takesIv } from '../../tenancy/verification/verification-key.js';
import { openXverifyApi } from '../../tenancy/verification/xverify-api.js';

/** Longer than any stamp, so that nothing is stale; a double still holds its sum with one exactly. */
const ANY_SKEW_SECONDS = 1e12;

/** What an `XverifyApi` value holds, whatever its age. */
export interface VerifyContent {
  readonly guid: string;
  /** ms since the epoch; `null` if there is none. */
  readonly stamp: number | null;
}

/** A profile that opens a value which the project's own does not open. */
export interface Variant {
  readonly profile: VerificationProfile;
  /** Its settings, for people. Names the key and the project's IV, and never quotes them. */
  readonly says: string;
  readonly content: VerifyContent;
}

interface Reading {
  readonly value: string;
  readonly says: string;
}

/** Opens a value without judging its stamp; `null` if the profile does not fit. */
export function contentOf(profile: VerificationProfile, text: string): VerifyContent | null {
  const prepared = prepareProfile({ ...profile, skewSeconds: ANY_SKEW_SECONDS, stampRequired: false });
  const verdict = openXverifyApi(prepared, text, 0);
  if (verdict.kind === 'refused') return null;
  const stamp = verdict.expiresAt - prepared.skewMs;
  return { guid: verdict.guid, stamp: stamp === 0 ? null : stamp };
}

/** How clients turn the same text into a key. The MD5 readings are those of widespread C# helpers. */
function keyReadings(key: string): Reading[] {
  const bare = key.replace(/^(?:hex|base64):/, '');
  const md5 = createHash('md5').update(bare, 'utf8').digest('hex');
  return [
    { value: key, says: 'the key as it is' },
    { value: bare, says: 'the key as text' },
    { value: `hex:${bare}`, says: 'the key read as hex' },
    { value: `base64:${bare}`, says: 'the key read as Base64' },
    { value: `hex:${md5}`, says: 'the MD5 of the key, as bytes' },
    { value: md5.slice(0, 8).toUpperCase(), says: 'the first 8 digits of the MD5 of the key, in upper case' },
    { value: md5.slice(0, 8), says: 'the first 8 digits of the MD5 of the key, in lower case' },
  ];
}

function ivReadings(profile: VerificationProfile, key: string): Reading[] {
  return [
    ...(profile.iv === null ? [] : [{ value: profile.iv, says: 'the IV of the project' }]),
    { value: 'hex:1234567890abcdef', says: 'the IV hex:1234567890abcdef' },
    { value: 'hex:0000000000000000', says: 'the IV hex:0000000000000000' },
    { value: '12345678', says: 'the IV 12345678' },
    { value: key, says: 'and the same as the IV' },
  ];
}

/**
 * Finds settings, common among clients, with which the project's key opens a value. Tries some 200 of them, which takes
 * milliseconds.
 */
export function fittingVariant(profile: VerificationProfile, text: string): Variant | null {
  for (const key of keyReadings(profile.key))
    for (const cipher of VERIFICATION_CIPHERS)
      for (const iv of takesIv(cipher) ? ivReadings(profile, key.value) : [null])
        for (const padding of cipher === 'hmac-sha256' ? [profile.padding] : VERIFICATION_PADDINGS) {
          const candidate = { ...profile, key: key.value, cipher, iv: iv?.value ?? null, padding };
          if (profileProblems(candidate).length > 0) continue;
          const content = contentOf(candidate, text);
          if (content === null) continue;
          const padded = cipher === 'hmac-sha256' ? [] : [`the padding ${padding}`];
          const says = [`the cipher ${cipher}`, ...padded, key.says, ...(iv === null ? [] : [iv.says])];
          return { profile: candidate, says: says.join(', '), content };
        }
  return null;
}
