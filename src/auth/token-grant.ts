import { z } from 'zod';
import type { TenantProject } from '../tenancy/project/tenant-project.js';
import type { User } from '../tenancy/user/user.entity.js';
import type { Session } from './session/session.js';

const text = (description: string) => z.string().describe(description);
const list = (description: string) => z.array(z.string()).describe(description);

/** The user in the fields of the documented API. */
export const tokenUserSchema = z
  .object({
    clientId: text(
      'The client application of the session: the one named at login, otherwise the default of the user.',
    ),
    userId: text('The user’s id, unique in the project.'),
    userName: text('The login name.'),
    pushName: text('The display name.'),
    roleId: list('Role ids of the user.'),
    depId: list('Department ids of the user.'),
    areaCode: list(
      'Administrative areas that the user may access, including the areas below them. Empty: no restriction.',
    ),
    jobId: list('Job ids of the user.'),
    sysId: list('Systems that the user may use. Empty: no restriction.'),
    mergeUserId: list('Ids of accounts merged into this one.'),
    developer: z.literal([0, 1]).describe('1: developer of the project. 0: not.'),
  })
  .meta({ id: 'TokenUser', description: 'The user of a session.' });

export type TokenUser = z.infer<typeof tokenUserSchema>;

/** The `data` of a login or a refresh. */
export const tokenGrantSchema = z
  .object({
    tokenType: z
      .literal(['Bearer', 'DPoP'])
      .describe(
        'How to send the access token: `Authorization: Bearer …`; for a session that is bound to a key, `Authorization: DPoP …` with a proof.',
      ),
    tokenUser: tokenUserSchema,
    timeStamp: z.int().describe('When the session began (the login), in Unix milliseconds.'),
    refreshToken: text('The refresh token for the next refresh. It replaces the previous one.'),
    accessToken: text('The access token, a JWT (RFC 7519), for the `Authorization` header.'),
    clientId: text('The same as in `tokenUser`.'),
    expires: text(
      'When the session ends at the latest, as local time in the time zone of the project: `YYYY-MM-DDTHH:mm:ss` without offset. A refresh does not extend it.',
    ),
    expiresIn: z.int().describe('Lifetime of the access token in seconds.'),
    tokenSeq: z
      .int()
      .describe(
        'Grows with every new refresh token of the session. Of two responses, the one with the higher number is newer.',
      ),
  })
  .meta({
    id: 'TokenGrant',
    description: 'The tokens of a session, with the keys that the plugin `common-data` produces.',
  });

export type TokenGrant = z.infer<typeof tokenGrantSchema>;

/** Tokens that were granted, and when their session ends at the latest (ms since the epoch). */
export interface Granted {
  readonly grant: TokenGrant;
  readonly expiresAt: number;
}

export function tokenUser(user: User, clientId: string): TokenUser {
  return {
    clientId,
    userId: user.userId,
    userName: user.userName,
    pushName: user.pushName,
    roleId: user.roleId,
    depId: user.depId,
    areaCode: user.areaCode,
    jobId: user.jobId,
    sysId: user.sysId,
    mergeUserId: user.mergeUserId,
    developer: user.developer,
  };
}

export function tokenGrant(
  project: TenantProject,
  user: User,
  session: Pick<Session, 'clientId' | 'createdAt' | 'expiresAt' | 'dpopJkt'>,
  refresh: { refreshToken: string; tokenSeq: number },
  access: { accessToken: string; expiresIn: number },
): TokenGrant {
  return {
    tokenType: session.dpopJkt === null ? 'Bearer' : 'DPoP',
    tokenUser: tokenUser(user, session.clientId),
    timeStamp: session.createdAt,
    refreshToken: refresh.refreshToken,
    accessToken: access.accessToken,
    clientId: session.clientId,
    expires: project.zone.formatLocal(session.expiresAt),
    expiresIn: access.expiresIn,
    tokenSeq: refresh.tokenSeq,
  };
}
