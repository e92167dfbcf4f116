import { applyDecorators } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import {
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiSecurity,
} from '../response/api-decorators.js';
import { ApiDpopBinding } from '../auth/dpop/api-dpop.decorator.js';
import { OAUTH_ERRORS, type OAuthErrorCode } from '../response/error/oauth-error.js';

/** The name of the documentation's security scheme for client authentication. */
export const CLIENT_SCHEME = 'client';

type Fields = Readonly<Record<string, object>>;

const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more });

const NEWEST = 'The newest refresh token of the session.';
const SCOPE = 'Scopes, separated by spaces.';

export const ApiProject = () =>
  ApiParam({
    name: 'ownerId',
    description: 'The project, as `XownerId` names it.',
    schema: { type: 'string' },
  });

/** A form; the client may authenticate in it instead of by HTTP Basic. */
const ApiForm = (fields: Fields, required: readonly string[]) =>
  applyDecorators(
    ApiSecurity(CLIENT_SCHEME),
    ApiConsumes('application/x-www-form-urlencoded'),
    ApiBody({
      schema: {
        type: 'object',
        required: [...required],
        properties: {
          ...fields,
          client_id: text('The client, unless it authenticates by HTTP Basic.'),
          client_secret: text('The secret of a confidential client, unless it authenticates by HTTP Basic.', {
            format: 'password',
          }),
        },
      },
    }),
  );

const ANY_CALL: readonly OAuthErrorCode[] = ['invalid_request', 'server_error', 'temporarily_unavailable'];

/** Documents the errors of RFC 6749 §5.2 by their status. */
export const ApiOAuthErrors = (...codes: readonly OAuthErrorCode[]) => {
  const all = [...ANY_CALL, ...codes];
  const statuses = new Map<number, OAuthErrorCode[]>();
  for (const code of all)
    for (const status of OAUTH_ERRORS[code]) statuses.set(status, [...(statuses.get(status) ?? []), code]);
  return applyDecorators(...[...statuses].map(([status, errors]) => ApiOAuthError(status, errors)));
};

export const ApiOAuthError = (status: number, errors: OAuthErrorCode[]) =>
  ApiResponse({
    status,
    description: [STATUS_CODES[status], ...errors.map((code) => `\`${code}\``)].join(' · '),
    content: {
      'application/json': {
        schema: {
          type: 'object',
          required: ['error'],
          properties: {
            error: text('The error code (RFC 6749 §5.2).', { enum: errors }),
            error_description: text('One sentence, for developers.'),
          },
        },
      },
    },
  });

export const ApiToken = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'oauthToken',
      summary: 'Get or refresh tokens (RFC 6749)',
      description:
        'Grants `password`, `refresh_token` and `client_credentials`, as far as the client has them. Without `scope`, a token gets all scopes of the client or the session; the response names the scope where it is not the one that was asked for. A retry with the same refresh token returns the same successor during the grace period. What the documented call answers with 409 is 503 `temporarily_unavailable` with `Retry-After`.',
    }),
    ApiProject(),
    ApiDpopBinding(),
    ApiForm(
      {
        grant_type: text('The grant.', { enum: ['password', 'refresh_token', 'client_credentials'] }),
        username: text('For `password`: the login name.'),
        password: text('For `password`: the password.', { format: 'password' }),
        code: text('For `password`: the code of the second factor, where one is needed.'),
        refresh_token: text(NEWEST),
        scope: text(SCOPE),
      },
      ['grant_type'],
    ),
    ApiOkResponse({
      description: 'The tokens (RFC 6749 §5.1).',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['access_token', 'token_type', 'expires_in'],
            properties: {
              access_token: text('The access token, a JWT.'),
              token_type: text('How to send it.', { enum: ['Bearer', 'DPoP'] }),
              expires_in: { type: 'integer', description: 'Lifetime of the access token in seconds.' },
              refresh_token: text(NEWEST),
              scope: text(SCOPE),
            },
          },
        },
      },
    }),
    ApiOAuthErrors(
      'invalid_client',
      'invalid_grant',
      'invalid_scope',
      'unauthorized_client',
      'unsupported_grant_type',
      'invalid_dpop_proof',
      'use_dpop_nonce',
    ),
  );

export const ApiRevocation = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'oauthRevoke',
      summary: 'Revoke a token (RFC 7009)',
      description:
        'Ends the session of an access token or refresh token that was issued to this client. Revoking an unknown token also succeeds.',
    }),
    ApiProject(),
    ApiForm(
      {
        token: text('The token to revoke.'),
        token_type_hint: text('Not needed: the kind of a token is seen by the token itself.'),
      },
      ['token'],
    ),
    ApiOkResponse({ description: 'The token is not valid any more.' }),
    ApiOAuthErrors('invalid_client', 'unsupported_token_type'),
  );

export const ApiIntrospection = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'oauthIntrospect',
      summary: 'Introspect a token (RFC 7662)',
      description:
        'Says whether a token of the project is active, and what it stands for. For confidential clients.',
    }),
    ApiProject(),
    ApiForm(
      {
        token: text('The access token or refresh token to introspect.'),
        token_type_hint: text('Not needed: the kind of a token is seen by the token itself.'),
      },
      ['token'],
    ),
    ApiOkResponse({
      description: 'What the token stands for (RFC 7662 §2.2).',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['active'],
            properties: { active: { type: 'boolean', description: 'Whether the token is active.' } },
            additionalProperties: true,
          },
        },
      },
    }),
    ApiOAuthErrors('invalid_client'),
  );

export const ApiMetadata = (operationId: string, summary: string) =>
  applyDecorators(
    ApiOperation({
      operationId,
      summary,
      description: 'Issuer, endpoints and key set of the project, for clients that discover them.',
    }),
    ApiProject(),
    ApiOkResponse({
      description: 'The metadata.',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['issuer', 'token_endpoint', 'jwks_uri'],
            properties: {
              issuer: text('The issuer.'),
              token_endpoint: text('The token endpoint.'),
              jwks_uri: text('The key set of the project.'),
            },
            additionalProperties: true,
          },
        },
      },
    }),
  );
