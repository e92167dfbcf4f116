import { z } from 'zod';
import type { ErrorCode } from '../response/error/error-catalogue.js';
import { SCOPE_ERRORS } from '../tenancy/api-tenant-headers.decorator.js';

/** A text that a caller must give. */
export const text = (max: number) => {
  const rule = `must be given exactly once, as 1 to ${max} characters`;
  // No column contains NUL, and Postgres rejects it.
  return z
    .string(rule)
    .min(1, rule)
    .max(max, rule)
    .refine((value) => !value.includes('\0'), rule);
};

/** Who signs in. */
export const credentialFields = {
  userName: text(64).describe('The login name.'),
  password: text(1024).describe('The password.').meta({ format: 'password' }),
};

export const codeField = text(64).describe(
  'The code of the second factor: six digits from the authenticator app, or a recovery code.',
);

/** What a call takes that opens a session. */
export const loginFields = {
  ...credentialFields,
  code: codeField.optional().describe(`${codeField.description} Ignored if none is needed.`),
  clientId: text(64)
    .optional()
    .describe('The client application that signs in. Default: the client application of the user.'),
  refreshTokenIn: z
    .enum(['body'], 'must be one of body')
    .optional()
    .describe('For apps of a project that keeps refresh tokens in cookies: answers this login in the body.'),
};

/** The errors of a call that verifies a password. */
export const CREDENTIAL_ERRORS = [
  'CREDENTIALS_REFUSED',
  'LOGIN_LOCKED',
  ...SCOPE_ERRORS,
] as const satisfies readonly ErrorCode[];

/** Further errors of a call that asks for the second factor too. */
export const SECOND_FACTOR_ERRORS = [
  'SECOND_FACTOR_REQUIRED',
  'SECOND_FACTOR_REFUSED',
  'SECOND_FACTOR_ENROLMENT_REQUIRED',
] as const satisfies readonly ErrorCode[];
