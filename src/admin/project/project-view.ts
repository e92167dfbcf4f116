import type { Project } from '../../tenancy/project/project.entity.js';

/** A project as an administrator sees it: its key is shown only when it is created. Times are ISO 8601, UTC. */
export interface ProjectView {
  ownerId: string;
  name: string;
  status: Project['status'];
  statusMode: Project['statusMode'];
  language: Project['language'];
  timeZone: string;
  accessTokenSeconds: number;
  refreshPolicy: Project['refreshPolicy'];
  graceSeconds: number;
  idleSeconds: number | null;
  absoluteSeconds: number;
  lostResponse: Project['lostResponse'];
  maxSessions: number | null;
  maxSessionsPerClient: number | null;
  whenFull: Project['whenFull'];
  loginMaxFailures: number;
  loginLockSeconds: number;
  allowedOrigins: string[];
  refreshTokenIn: Project['refreshTokenIn'];
  cookieSameSite: Project['cookieSameSite'];
  secondFactor: Project['secondFactor'];
  passwordMinLength: number;
  passwordMinClasses: number;
  passwordMaxAgeDays: number | null;
  passwordHistory: number;
  passwordBlocklist: Project['passwordBlocklist'];
  firstLoginChange: Project['firstLoginChange'];
  issuer: Project['issuer'];
  audience: string;
  introspection: Project['introspection'];
  dpopNonce: Project['dpopNonce'];
  verifyCipher: Project['verifyCipher'];
  verifyKey: string;
  verifyIv: string | null;
  verifyPadding: Project['verifyPadding'];
  verifyEncoding: Project['verifyEncoding'];
  verifySkewSeconds: number;
  verifyStampRequired: boolean;
  /** Until when the former key is valid; `null` if there is none. */
  verifyPreviousUntil: string | null;
  createdAt: string;
}

const MASK = '********';

export function projectView(project: Project, now: number): ProjectView {
  const until = project.verifyPreviousUntil ?? 0;
  return {
    ownerId: project.ownerId,
    name: project.name,
    status: project.status,
    statusMode: project.statusMode,
    language: project.language,
    timeZone: project.timeZone,
    accessTokenSeconds: project.accessTokenSeconds,
    refreshPolicy: project.refreshPolicy,
    graceSeconds: project.graceSeconds,
    idleSeconds: project.idleSeconds,
    absoluteSeconds: project.absoluteSeconds,
    lostResponse: project.lostResponse,
    maxSessions: project.maxSessions,
    maxSessionsPerClient: project.maxSessionsPerClient,
    whenFull: project.whenFull,
    loginMaxFailures: project.loginMaxFailures,
    loginLockSeconds: project.loginLockSeconds,
    allowedOrigins: project.allowedOrigins ?? [],
    refreshTokenIn: project.refreshTokenIn,
    cookieSameSite: project.cookieSameSite,
    secondFactor: project.secondFactor,
    passwordMinLength: project.passwordMinLength,
    passwordMinClasses: project.passwordMinClasses,
    passwordMaxAgeDays: project.passwordMaxAgeDays,
    passwordHistory: project.passwordHistory,
    passwordBlocklist: project.passwordBlocklist,
    firstLoginChange: project.firstLoginChange,
    issuer: project.issuer,
    audience: project.audience,
    introspection: project.introspection,
    dpopNonce: project.dpopNonce,
    verifyCipher: project.verifyCipher,
    verifyKey: MASK,
    verifyIv: project.verifyIv === null ? null : MASK,
    verifyPadding: project.verifyPadding,
    verifyEncoding: project.verifyEncoding,
    verifySkewSeconds: project.verifySkewSeconds,
    verifyStampRequired: project.verifyStampRequired,
    verifyPreviousUntil: until > now ? new Date(until).toISOString() : null,
    createdAt: new Date(project.createdAt).toISOString(),
  };
}

/** The view with the key, for the response that creates it. */
export function projectViewWithKey(project: Project, verifyKey: string, now: number): ProjectView {
  return { ...projectView(project, now), verifyKey, verifyIv: project.verifyIv };
}
