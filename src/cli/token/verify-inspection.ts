import {
  previousProfile,
  type TenantProject,
  verificationProfile,
} from '../../tenancy/project/tenant-project.js';
import { prepareProfile, type VerificationProfile } from '../../tenancy/verification/verification-profile.js';
import type { VerifyKeySeal } from '../../tenancy/project/verify-key-seal.js';
import { openXverifyApi, type XverifyApiRefusal } from '../../tenancy/verification/xverify-api.js';
import type { Inspection } from './token-inspection.js';
import { contentOf, fittingVariant, type VerifyContent } from './verify-variants.js';

const REFUSALS: Readonly<Record<XverifyApiRefusal, string>> = {
  'too-long': 'It is longer than 1024 characters.',
  undecodable: 'It is neither Base64, Base64url nor hex of whole cipher blocks, or lacks its MAC.',
  'bad-padding': 'It was not sealed with the key of the project (or was damaged): its padding is wrong.',
  'bad-mac': 'It was not sealed with the key of the project (or was damaged): its MAC is wrong.',
  'no-guid': 'It was not sealed with the key of the project, or does not begin with a GUID.',
  'stamp-missing': 'It has no time stamp, which the project requires.',
  stale:
    'Its time stamp is further off than the project allows: made too long ago, or by a clock that is wrong.',
};

const VERIFIES =
  'It verifies, unless its GUID was already used for another request, which only the server knows.';
const FORMER_VERIFIES = 'It verifies by the former key, which is still accepted.';
const FORMER_EXPIRED = 'It was sealed with the former key of the project, which is no longer accepted.';
const NO_VARIANT = 'None of the settings that clients use with the key of the project opens it either.';

/** Explains an `XverifyApi` value without using up its GUID. */
export function inspectVerifyHeader(
  project: TenantProject,
  seal: VerifyKeySeal,
  text: string,
  now: number,
): Inspection {
  const profile = verificationProfile(project, seal);
  const explained = (
    verifies: boolean,
    { cipher }: VerificationProfile,
    content: VerifyContent | null,
    ...says: string[]
  ): Inspection => ({
    kind: 'verify-header',
    verifies,
    says,
    holds: { ownerId: project.ownerId, cipher, ...fields(content, now) },
  });

  const verdict = openXverifyApi(project.verification, text, now);
  const content = contentOf(profile, text);
  if (verdict.kind === 'verified') return explained(true, profile, content, VERIFIES);
  const refusal = REFUSALS[verdict.reason];
  if (content !== null || verdict.reason === 'too-long') return explained(false, profile, content, refusal);

  const former = previousProfile(project, seal);
  const formerContent = former === null ? null : contentOf(former, text);
  if (former !== null && formerContent !== null) {
    if (now >= (project.verifyPreviousUntil ?? 0))
      return explained(false, former, formerContent, FORMER_EXPIRED);
    const byFormer = openXverifyApi(prepareProfile(former), text, now);
    if (byFormer.kind === 'verified') return explained(true, former, formerContent, FORMER_VERIFIES);
    return explained(false, former, formerContent, REFUSALS[byFormer.reason]);
  }

  const variant = fittingVariant(profile, text);
  if (variant === null) return explained(false, profile, null, refusal, NO_VARIANT);
  return explained(
    false,
    variant.profile,
    variant.content,
    `The settings of the project do not open it, but these do: ${variant.says}.`,
    `Set them with bo-auth key rotate verify ${project.ownerId}, or change the client.`,
  );
}

function fields(content: VerifyContent | null, now: number): Record<string, unknown> {
  const stamp = content?.stamp ?? null;
  return {
    guid: content?.guid ?? null,
    stamp: stamp === null ? null : new Date(stamp).toISOString(),
    ageSeconds: stamp === null ? null : Math.round((now - stamp) / 1000),
  };
}
