import { applyDecorators } from '@nestjs/common';
import { z } from 'zod';
import { ApiConsumes, ApiOperation, ApiQuery } from '../response/api-decorators.js';
import {
  ApiEnvelope,
  BODY_ERRORS,
  EXAMPLE_TIME,
  PLUGIN_ERRORS,
} from '../response/envelope/api-envelope.decorator.js';
import type { ErrorCode } from '../response/error/error-catalogue.js';
import { SCOPE_ERRORS, TENANT_ERRORS } from '../tenancy/api-tenant-headers.decorator.js';
import { CREDENTIAL_ERRORS, SECOND_FACTOR_ERRORS } from './credential-fields.js';
import { ApiDpopBinding, ApiDpopRefresh } from './dpop/api-dpop.decorator.js';
import { EXAMPLE_GRANT } from './example-grant.js';
import { introspectedSchema } from './introspection.js';
import { SESSION_OVER_ERRORS } from './session/session-over.js';
import { tokenGrantSchema } from './token-grant.js';

/** JSON or a form, in the order in which the documentation offers them. */
const ApiBodies = () => applyDecorators(ApiConsumes('application/json', 'application/x-www-form-urlencoded'));

const REFRESH_ERRORS: readonly ErrorCode[] = [
  ...TENANT_ERRORS,
  'PARAMETER_INVALID',
  'REFRESH_TOKEN_EXPIRED',
  'DPOP_PROOF_INVALID',
  ...SESSION_OVER_ERRORS,
  ...SCOPE_ERRORS,
  'REFRESH_TOKEN_SUPERSEDED',
  ...PLUGIN_ERRORS,
];

/** Documents the body and the response of a call that verifies credentials and opens a session. */
export const ApiSignIn = (...more: readonly ErrorCode[]) =>
  applyDecorators(
    ApiBodies(),
    ApiDpopBinding(),
    ApiEnvelope(tokenGrantSchema, {
      example: EXAMPLE_GRANT,
      cacheType: 'sqlite',
      rewritten: true,
      errors: [
        ...TENANT_ERRORS,
        ...BODY_ERRORS,
        'DPOP_PROOF_INVALID',
        ...CREDENTIAL_ERRORS,
        ...SECOND_FACTOR_ERRORS,
        ...more,
        ...PLUGIN_ERRORS,
      ],
    }),
  );

export const ApiLogin = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'login',
      summary: 'Sign in',
      description:
        'Opens a session and returns its first tokens. An unknown user and a wrong password give the same response after the same time. A user with a second factor also sends `code`; without it the response to a right password is 401 `SECOND_FACTOR_REQUIRED`. Too many failed logins lock the user name for the client’s network.',
    }),
    ApiSignIn('PASSWORD_CHANGE_REQUIRED', 'SESSION_LIMIT_REACHED'),
  );

const REFRESHING =
  'With the policy `reuse` the response holds the same refresh token. With `rotate` it holds a new one; a retry with the previous token returns the same successor during the grace period (60 s by default), so a client that lost the response simply sends the request again. After the grace period an old token counts as stolen and ends the session; with `lostResponse: reissue`, the previous token still returns a new one as long as its successor was never used.';

export const ApiRefresh = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'refresh',
      summary: 'Refresh the tokens (GET, for existing clients)',
      deprecated: true,
      description: `Kept for existing clients and fully compatible with the interface document. **Deprecated** because it carries a credential in the URL, where proxies, logs and browser history keep it (OWASP ASVS 14.2.1). New clients use POST on the same path, which does the same.\n\n${REFRESHING}`,
    }),
    ApiQuery({
      name: 'refreshToken',
      description:
        'The newest refresh token of the session. Required unless the project keeps it in a cookie.',
      required: false,
    }),
    ApiDpopRefresh(),
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
      summary: 'Refresh the tokens',
      description: `Returns a new access token and, with the policy \`rotate\`, a new refresh token (RFC 6749 §6).\n\n${REFRESHING}`,
    }),
    ApiBodies(),
    ApiDpopRefresh(),
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
      .describe('The token is revoked. Also `true` for a token that was unknown or expired.'),
  })
  .meta({ id: 'Revoked' });

export const ApiRevoke = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'revoke',
      summary: 'Sign out (revoke a refresh token)',
      description:
        'Ends the session that the refresh token belongs to (RFC 7009). Any refresh token of the session will do. Revoking an unknown token also succeeds.',
    }),
    ApiBodies(),
    ApiEnvelope(revokedSchema, { example: { revoked: true }, errors: [...TENANT_ERRORS, ...BODY_ERRORS] }),
  );

export const ApiIntrospect = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'introspect',
      summary: 'Introspect a token',
      description:
        'Returns whether an access token or a refresh token is active, and its claims if it is (RFC 7662). For an inactive token the response is `active: false` and nothing else. In a project with `introspection: client`, the default of new projects, only confidential clients may call it: they authenticate by HTTP Basic.',
    }),
    ApiBodies(),
    ApiEnvelope(introspectedSchema, {
      example: {
        active: true,
        token_type: 'refresh_token',
        owner_id: 'ptdev',
        id: EXAMPLE_GRANT.tokenUser.userId,
        sub: EXAMPLE_GRANT.tokenUser.userId,
        client_id: EXAMPLE_GRANT.clientId,
        sid: '7f3a9c02d4e1b865',
        iat: Math.floor(EXAMPLE_GRANT.timeStamp / 1000),
        exp: Math.floor(EXAMPLE_TIME / 1000) + 86_400,
        token_seq: EXAMPLE_GRANT.tokenSeq,
      },
      errors: [...TENANT_ERRORS, ...BODY_ERRORS, 'CLIENT_REFUSED'],
    }),
  );
