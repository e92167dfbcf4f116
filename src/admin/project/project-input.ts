import { isOriginPattern, ORIGIN_RULE } from '../../network/origin.js';
import { z } from 'zod';
import {
  VERIFICATION_ENCODINGS,
  VERIFICATION_PADDINGS,
} from '../../tenancy/verification/verification-profile.js';
import { LANGUAGES } from '../../response/error/language.js';
import { choice, fields, list, ownerId, text, whole } from '../field.js';
import { verifyKeyShape } from './verify-key.js';

const DAY_SECONDS = 86_400;
const TEN_YEARS = 3_653 * DAY_SECONDS;

/** `hs256`: with JWT_SECRET, which every verifier must then know. The others: with a key of the project's own. */
export const SIGNING = ['hs256', 'es256', 'es384', 'rs256', 'ps256'] as const;

/** The settings of a project that may change at any time. */
const settings = {
  name: text(1, 128),
  /** `always200`: for old clients that only understand status 200. */
  statusMode: choice(['http', 'always200']),
  language: choice(LANGUAGES),
  /** An IANA name. */
  timeZone: text(1, 64),
  accessTokenSeconds: whole(10, DAY_SECONDS),
  refreshPolicy: choice(['reuse', 'rotate']),
  /** For how long a rotated refresh token returns the same successor again. */
  graceSeconds: whole(0, 300),
  /** `null`: only `absoluteSeconds` applies. */
  idleSeconds: whole(60, TEN_YEARS).nullable(),
  absoluteSeconds: whole(60, TEN_YEARS),
  lostResponse: choice(['reissue', 'revoke']),
  /** `null`: unlimited. */
  maxSessions: whole(1, 10_000).nullable(),
  verifyPadding: choice(VERIFICATION_PADDINGS),
  /** `null`: unlimited. */
  maxSessionsPerClient: whole(1, 10_000).nullable(),
  whenFull: choice(['replace', 'refuse']),
  /** 0: failed logins are not counted. */
  loginMaxFailures: whole(0, 100),
  loginLockSeconds: whole(1, DAY_SECONDS),
  refreshTokenIn: choice(['body', 'cookie']),
  cookieSameSite: choice(['strict', 'lax', 'none']),
  secondFactor: choice(['off', 'optional', 'required']),
  passwordMinLength: whole(8, 64),
  passwordMinClasses: whole(1, 4),
  /** `null`: passwords do not become too old. */
  passwordMaxAgeDays: whole(1, 3_653).nullable(),
  /** 0: a new password may be a former one. */
  passwordHistory: whole(0, 24),
  passwordBlocklist: choice(['on', 'off']),
  firstLoginChange: choice(['on', 'off']),
  allowedOrigins: list(z.string(ORIGIN_RULE).refine(isOriginPattern, ORIGIN_RULE)),
  issuer: choice(['fixed', 'url']),
  audience: text(1, 256),
  introspection: choice(['open', 'client']),
  dpopNonce: choice(['on', 'off']),
  verifyEncoding: choice(VERIFICATION_ENCODINGS),
  verifySkewSeconds: whole(1, DAY_SECONDS),
  verifyStampRequired: z.boolean('must be true or false'),
};

const changeSchema = fields(settings).partial();

export const projectChangeSchema = changeSchema
  .refine((changes) => Object.keys(changes).length > 0, {
    path: ['body'],
    error: 'must hold at least one field',
  })
  .meta({ example: { graceSeconds: 60 } });
export type ProjectChange = z.output<typeof changeSchema>;

export const newProjectSchema = fields({
  ownerId,
  ...changeSchema.shape,
  name: settings.name,
  signing: choice(SIGNING).optional(),
  ...verifyKeyShape,
}).meta({ example: { ownerId: 'shop', name: 'Shop' } });
export type NewProject = z.output<typeof newProjectSchema>;

export const keyChangeSchema = fields({
  ...verifyKeyShape,
  verifyPadding: settings.verifyPadding.optional(),
  /** For how long the former key stays valid. */
  overlapSeconds: whole(0, 365 * DAY_SECONDS).default(7 * DAY_SECONDS),
}).meta({ example: { overlapSeconds: 604_800 } });
export type KeyChange = z.output<typeof keyChangeSchema>;

/** The default cipher of a new project; a stamp is then required too. */
export const NEW_CIPHER = 'hmac-sha256';

/** The default settings of a new project. */
export const DEFAULTS = {
  statusMode: 'http',
  language: 'en',
  timeZone: 'UTC',
  accessTokenSeconds: 600,
  refreshPolicy: 'rotate',
  graceSeconds: 60,
  idleSeconds: 7 * DAY_SECONDS,
  absoluteSeconds: 14 * DAY_SECONDS,
  lostResponse: 'reissue',
  maxSessions: null,
  verifyPadding: 'pkcs7',
  maxSessionsPerClient: null,
  whenFull: 'replace',
  loginMaxFailures: 5,
  loginLockSeconds: 600,
  allowedOrigins: null,
  refreshTokenIn: 'body',
  cookieSameSite: 'strict',
  secondFactor: 'off',
  passwordMinLength: 8,
  passwordMinClasses: 1,
  passwordMaxAgeDays: null,
  passwordHistory: 0,
  passwordBlocklist: 'on',
  firstLoginChange: 'off',
  issuer: 'fixed',
  audience: 'api',
  introspection: 'client',
  dpopNonce: 'off',
  verifyEncoding: 'base64',
  verifySkewSeconds: 300,
  verifyStampRequired: false,
} as const;
