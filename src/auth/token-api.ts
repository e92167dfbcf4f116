import { applyDecorators } from '@nestjs/common';
import { ApiConsumes, ApiOperation, ApiQuery } from '@nestjs/swagger';
import { z } from 'zod';
import {
  ApiEnvelope,
  BODY_ERRORS,
  EXAMPLE_TIME,
  PLUGIN_ERRORS,
} from '../response/envelope/api-envelope.decorator.js';
import type { ErrorCode } from '../response/error/error-catalogue.js';
import { SCOPE_ERRORS, TENANT_ERRORS } from '../tenancy/api-tenant-headers.decorator.js';
import { EXAMPLE_GRANT } from './example-grant.js';
import { introspectedSchema } from './introspection.js';
import { tokenGrantSchema } from './token-grant.js';

/** JSON or a form, in the order in which the documentation offers them. */
const ApiBodies = () => applyDecorators(ApiConsumes('application/json', 'application/x-www-form-urlencoded'));

const REFRESH_ERRORS: readonly ErrorCode[] = [
  ...TENANT_ERRORS,
  'PARAMETER_INVALID',
  'REFRESH_TOKEN_EXPIRED',
  'REFRESH_TOKEN_REUSED',
  ...SCOPE_ERRORS,
  'REFRESH_TOKEN_SUPERSEDED',
  ...PLUGIN_ERRORS,
];

export const ApiLogin = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'login',
      summary: 'Sign in / 登录',
      description:
        'Opens a session and grants its first tokens. An unknown user and a wrong password get the same answer, in the same time.\n\n开启会话并发放首批令牌。用户不存在与密码错误的应答及耗时完全相同。',
    }),
    ApiBodies(),
    ApiEnvelope(tokenGrantSchema, {
      example: EXAMPLE_GRANT,
      cacheType: 'sqlite',
      rewritten: true,
      errors: [...TENANT_ERRORS, ...BODY_ERRORS, 'CREDENTIALS_REFUSED', ...SCOPE_ERRORS, ...PLUGIN_ERRORS],
    }),
  );

const REFRESHING =
  'Under the project’s policy `reuse` the same refresh token comes back; under `rotate` a new one does, and the one presented may be repeated for the grace time (60 s by default), so that a lost answer costs nothing. Used again later, it ends the session: somebody else has a copy.\n\n项目策略为 `reuse` 时返回同一刷新令牌；为 `rotate` 时返回新令牌，旧令牌在宽限期（默认 60 秒）内可重复提交，应答丢失也无损失；之后再次使用即视为泄露，会话终止。';

export const ApiRefresh = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'refresh',
      summary: 'Refresh, as documented / 刷新令牌（文档所载的调用）',
      deprecated: true,
      description: `The documented call, kept for its callers and working exactly as documented. **Deprecated** for one reason: it carries a credential in the URL, where proxies, logs and histories keep it (OWASP ASVS 14.2.1). New callers use the POST of the same path, which does the same.\n\n文档所载的调用，为已有调用方保留，行为与文档一致。**标记为弃用**的唯一原因：凭据出现在 URL 中，会被代理、日志与历史记录留存（OWASP ASVS 14.2.1）。新调用方请使用同一路径的 POST，功能相同。\n\n${REFRESHING}`,
    }),
    ApiQuery({
      name: 'refreshToken',
      description:
        'The session’s newest refresh token; exactly once. / 会话最新的刷新令牌，必须且只能出现一次。',
    }),
    ApiEnvelope(tokenGrantSchema, {
      example: { ...EXAMPLE_GRANT, tokenSeq: 2 },
      cacheType: 'local',
      rewritten: true,
      errors: REFRESH_ERRORS,
    }),
  );

export const ApiRefreshByPost = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'refreshByPost',
      summary: 'Refresh / 刷新令牌',
      description: `Grants a fresh access token, and a new refresh token where the policy says so (RFC 6749 §6).\n\n换取新的访问令牌；按项目策略同时换取新的刷新令牌。\n\n${REFRESHING}`,
    }),
    ApiBodies(),
    ApiEnvelope(tokenGrantSchema, {
      example: { ...EXAMPLE_GRANT, tokenSeq: 2 },
      cacheType: 'local',
      rewritten: true,
      errors: [...REFRESH_ERRORS, ...BODY_ERRORS],
    }),
  );

export const revokedSchema = z
  .object({
    revoked: z
      .literal(true)
      .describe('The token is worth nothing now, whatever it was. / 无论原先如何，该令牌现已无效。'),
  })
  .meta({ id: 'Revoked' });

export const ApiRevoke = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'revoke',
      summary: 'Sign out / 撤销令牌（退出登录）',
      description:
        'Ends the session of a refresh token, whichever of the session’s tokens it is (RFC 7009). An unknown token is no error: the wish is fulfilled.\n\n终止该刷新令牌所属的会话（RFC 7009），会话的任意一个刷新令牌均可。未知令牌不算错误。',
    }),
    ApiBodies(),
    ApiEnvelope(revokedSchema, { example: { revoked: true }, errors: [...TENANT_ERRORS, ...BODY_ERRORS] }),
  );

export const ApiIntrospect = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'introspect',
      summary: 'What is a token worth? / 查询令牌状态',
      description:
        'Tells whether an access or a refresh token is good right now, and what it holds (RFC 7662). Nothing is told of one that is not.\n\n查询访问令牌或刷新令牌当前是否有效及其内容（RFC 7662）；无效的令牌不透露任何信息。',
    }),
    ApiBodies(),
    ApiEnvelope(introspectedSchema, {
      example: {
        active: true,
        token_type: 'refresh_token',
        owner_id: 'ptdev',
        id: EXAMPLE_GRANT.tokenUser.userId,
        client_id: EXAMPLE_GRANT.clientId,
        sid: '7f3a9c02d4e1b865',
        iat: Math.floor(EXAMPLE_GRANT.timeStamp / 1000),
        exp: Math.floor(EXAMPLE_TIME / 1000) + 86_400,
        token_seq: EXAMPLE_GRANT.tokenSeq,
      },
      errors: [...TENANT_ERRORS, ...BODY_ERRORS],
    }),
  );
