import { type ParsedHashOptions, parseOptions } from '@node-rs/argon2';

/** argon2id in version 19, 19 MiB, two passes: the OWASP password storage cheat sheet's first choice. */
export const OWN_PARAMETERS = {
  algorithm: 2,
  version: 1,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
} as const;

/**
 * The costliest hash that can be imported: a login with it takes about six times as long as with our own. It allows the
 * defaults of PHP, argon2-cffi, node-argon2 and libsodium, and RFC 9106's second recommendation.
 */
const MAX_MEMORY = 65_536;
const MAX_LANES = 4;
const MAX_WORK = 4 * 65_536;

export const COST_RULE = `costs too much: m may be up to ${MAX_MEMORY}, p up to ${MAX_LANES}, and m times t up to ${MAX_WORK}`;

/** @returns `null` for what the verifier could not read either */
function parse(hash: string): ParsedHashOptions | null {
  try {
    return parseOptions(hash);
  } catch {
    return null;
  }
}

/** Whether it is a PHC string of argon2id in its current version, 19. */
export function isArgon2id(hash: string): boolean {
  const parsed = parse(hash);
  return parsed !== null && !differs(parsed, ['algorithm', 'version']);
}

/** Whether logins with this hash leave time for those of others. */
export function isAffordable(hash: string): boolean {
  const parsed = parse(hash);
  if (parsed === null) return false;
  const { memoryCost, timeCost, parallelism } = parsed;
  return memoryCost <= MAX_MEMORY && parallelism <= MAX_LANES && memoryCost * timeCost <= MAX_WORK;
}

/** Whether a hash was made with other parameters than ours: imported, or from before they were changed. */
export function isForeign(hash: string): boolean {
  const parsed = parse(hash);
  return parsed === null || differs(parsed, Object.keys(OWN_PARAMETERS) as Parameter[]);
}

type Parameter = keyof typeof OWN_PARAMETERS;

function differs(parsed: ParsedHashOptions, parameters: readonly Parameter[]): boolean {
  return parameters.some((name) => {
    const theirs: number = parsed[name];
    return theirs !== OWN_PARAMETERS[name];
  });
}
