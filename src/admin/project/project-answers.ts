import { z } from 'zod';
import { LANGUAGES } from '../../response/error/language.js';
import {
  VERIFICATION_CIPHERS,
  VERIFICATION_ENCODINGS,
  VERIFICATION_PADDINGS,
} from '../../tenancy/verification/verification-profile.js';
import { DEFAULTS } from './project-input.js';
import type { ProjectView } from './project-view.js';
import { AT, onOff, pageOf, shown, status, text, texts, time } from '../admin-answer.js';
import { described } from '../field-text.js';

export const projectAnswer = shown<ProjectView>(
  'ProjectView',
  z.object(
    described({
      ownerId: text,
      name: text,
      status,
      statusMode: z.enum(['http', 'always200']),
      language: z.enum(LANGUAGES),
      timeZone: text,
      accessTokenSeconds: z.int(),
      refreshPolicy: z.enum(['reuse', 'rotate']),
      graceSeconds: z.int(),
      idleSeconds: z.int().nullable(),
      absoluteSeconds: z.int(),
      lostResponse: z.enum(['reissue', 'revoke']),
      maxSessions: z.int().nullable(),
      maxSessionsPerClient: z.int().nullable(),
      whenFull: z.enum(['replace', 'refuse']),
      loginMaxFailures: z.int(),
      loginLockSeconds: z.int(),
      allowedOrigins: texts,
      refreshTokenIn: z.enum(['body', 'cookie']),
      cookieSameSite: z.enum(['strict', 'lax', 'none']),
      secondFactor: z.enum(['off', 'optional', 'required']),
      passwordMinLength: z.int(),
      passwordMinClasses: z.int(),
      passwordMaxAgeDays: z.int().nullable(),
      passwordHistory: z.int(),
      passwordBlocklist: onOff,
      firstLoginChange: onOff,
      issuer: z.enum(['fixed', 'url']),
      audience: text,
      introspection: z.enum(['open', 'client']),
      dpopNonce: onOff,
      verifyCipher: z.enum(VERIFICATION_CIPHERS),
      verifyKey: text,
      verifyIv: text.nullable(),
      verifyPadding: z.enum(VERIFICATION_PADDINGS),
      verifyEncoding: z.enum(VERIFICATION_ENCODINGS),
      verifySkewSeconds: z.int(),
      verifyStampRequired: z.boolean(),
      verifyPreviousUntil: time.nullable(),
      createdAt: time,
    }),
  ),
  {
    ...DEFAULTS,
    allowedOrigins: ['https://admin.example.com'],
    ownerId: 'shop',
    name: 'Shop',
    status: 'active',
    verifyCipher: 'hmac-sha256',
    verifyKey: '********',
    verifyIv: null,
    verifyPreviousUntil: null,
    createdAt: AT,
  },
);

export const projectsAnswer = pageOf('ProjectPage', projectAnswer);
