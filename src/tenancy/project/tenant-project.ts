import { Project } from './project.entity.js';
import { TimeZone } from '../time-zone.js';
import {
  type PreparedProfile,
  prepareProfile,
  type VerificationProfile,
} from '../verification/verification-profile.js';

/**
 * A project with all that can be made of its settings once.
 *
 * A class, where `{ ...row, zone }` would do: it is made every few seconds and read by every request. V8 forgets in
 * between how it was made, gives a spread's result a hidden class of its own, and then throws away all that it has
 * optimised for the one before: a tenth of a refresh went into compiling that again.
 */
export class TenantProject extends Project {
  readonly zone: TimeZone;
  readonly verification: PreparedProfile;
  /** What is still accepted of before the key was changed, and until when (ms since the epoch). */
  readonly previousVerification: { readonly profile: PreparedProfile; readonly until: number } | null;

  constructor(row: Project) {
    super();
    Object.assign(this, row);
    this.zone = TimeZone.of(row.timeZone);
    this.verification = prepareProfile(verificationProfile(row));
    this.previousVerification = previousVerification(row);
  }
}

/** How the callers of the project make their `XverifyApi`. */
export function verificationProfile(row: Project): VerificationProfile {
  return {
    cipher: row.verifyCipher,
    key: row.verifyKey,
    iv: row.verifyIv,
    encoding: row.verifyEncoding,
    skewSeconds: row.verifySkewSeconds,
    stampRequired: row.verifyStampRequired,
    timeZone: row.timeZone,
  };
}

function previousVerification(row: Project): TenantProject['previousVerification'] {
  const { verifyPreviousCipher: cipher, verifyPreviousKey: key, verifyPreviousUntil: until } = row;
  if (!cipher || !key || !until) return null;
  const iv = row.verifyPreviousIv ?? null;
  return { profile: prepareProfile({ ...verificationProfile(row), cipher, key, iv }), until };
}
