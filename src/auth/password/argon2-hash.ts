import { type ParsedHashOptions, parseOptions, verify } from '@node-rs/argon2';
import { type PasswordFormat, saltProblem } from './stored-password.js';

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
/** Our own parameters take about 30 ms. */
const KIB_PER_MS = 1_300;

const PHC_RULE = 'must be an argon2id hash as a PHC string ($argon2id$v=19$m=…,t=…,p=…$salt$hash)';
const COST_RULE = `costs too much: m may be up to ${MAX_MEMORY}, p up to ${MAX_LANES}, and m times t up to ${MAX_WORK}`;

export const argon2id: PasswordFormat = {
  problem(stored) {
    const { passwordHash: hash } = stored;
    if (!isArgon2id(hash)) return { field: 'passwordHash', rule: PHC_RULE };
    if (!isAffordable(hash)) return { field: 'passwordHash', rule: COST_RULE };
    return saltProblem(stored);
  },

  matches: ({ passwordHash }, password) => verify(passwordHash, password),

  decoy(hash) {
    const { memoryCost, timeCost, parallelism } = parse(hash) ?? OWN_PARAMETERS;
    return decoyOf(memoryCost, timeCost, parallelism);
  },

  cost(hash) {
    const { memoryCost, timeCost } = parse(hash) ?? OWN_PARAMETERS;
    return (memoryCost * timeCost) / KIB_PER_MS;
  },
};

/** Takes as long to verify as our own hashes. */
export const OWN_DECOY = decoyOf(
  OWN_PARAMETERS.memoryCost,
  OWN_PARAMETERS.timeCost,
  OWN_PARAMETERS.parallelism,
);

function decoyOf(memory: number, passes: number, lanes: number): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${lanes}$${'A'.repeat(22)}$${'A'.repeat(43)}`;
}

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
function isAffordable(hash: string): boolean {
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
