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
      'The client application of the session: the one named at the login, else the user’s own. / 会话所属的客户端应用：登录时指定的，否则为用户默认的。',
    ),
    userId: text('The user’s identifier within the project. / 项目内的用户标识。'),
    userName: text('What the user signs in with. / 登录名。'),
    pushName: text('The name to show. / 显示名称。'),
    roleId: list('Identifiers of the user’s roles. / 用户的角色标识。'),
    depId: list('Identifiers of the user’s departments. / 用户的部门标识。'),
    areaCode: list(
      'Administrative areas that the user is confined to, with all below them; empty: everywhere. / 用户可访问的行政区划（含下级）；空表示不限。',
    ),
    jobId: list('Identifiers of the user’s posts. / 用户的岗位标识。'),
    sysId: list('Systems that the user is confined to; empty: all. / 用户可使用的系统；空表示不限。'),
    mergeUserId: list(
      'Identifiers of accounts that were merged into this one. / 已并入本账号的其他账号标识。',
    ),
    developer: z
      .literal([0, 1])
      .describe('1 for a developer of the project, else 0. / 1 表示项目开发者，否则为 0。'),
  })
  .meta({ id: 'TokenUser', description: 'The user of a session. / 会话的用户。' });

export type TokenUser = z.infer<typeof tokenUserSchema>;

/** The `data` of a login or a refresh. */
export const tokenGrantSchema = z
  .object({
    tokenType: z
      .literal('Bearer')
      .describe('How the access token is sent: Authorization: Bearer … / 访问令牌的使用方式。'),
    tokenUser: tokenUserSchema,
    timeStamp: z
      .int()
      .describe(
        'When the session began (the login), in milliseconds since the Unix epoch. / 会话开始（登录）的时间，Unix 毫秒。',
      ),
    refreshToken: text(
      'The refresh token for the next refresh; replaces the one presented. / 下次刷新使用的刷新令牌，替换所提交的令牌。',
    ),
    accessToken: text('A JWT (RFC 7519) for the Authorization header. / 用于 Authorization 请求头的 JWT。'),
    clientId: text('As in tokenUser. / 同 tokenUser。'),
    expires: text(
      'The session’s absolute end as local time of the project’s time zone, YYYY-MM-DDTHH:mm:ss without offset; a refresh never moves it. / 会话的绝对到期时间，项目时区的本地时间，不带时区；刷新不会延后它。',
    ),
    expiresIn: z.int().describe('Seconds until the access token expires. / 访问令牌的剩余有效期，秒。'),
    tokenSeq: z
      .int()
      .describe(
        'Grows with each new refresh token of the session; of two answers, the higher one is the newer. / 会话内每发出一个新刷新令牌即递增；两个应答中较大者较新。',
      ),
  })
  .meta({
    id: 'TokenGrant',
    description:
      'The tokens of a session, in the keys of the plugin common-data. / 会话的令牌（键名为 common-data 插件的形式）。',
  });

export type TokenGrant = z.infer<typeof tokenGrantSchema>;

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
  session: Pick<Session, 'clientId' | 'createdAt' | 'expiresAt'>,
  refresh: { refreshToken: string; tokenSeq: number },
  access: { accessToken: string; expiresIn: number },
): TokenGrant {
  return {
    tokenType: 'Bearer',
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
