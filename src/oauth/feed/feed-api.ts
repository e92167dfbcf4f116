import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiSecurity } from '../../response/api-decorators.js';
import { ApiOAuthError, ApiOAuthErrors, ApiProject, CLIENT_SCHEME } from '../oauth-api.js';

export const ApiRevocationFeed = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'oauthRevocations',
      summary: 'Ended sessions, for services that verify access tokens themselves',
      description:
        'All sessions that ended and all users who were logged out everywhere since the cursor, for as long as an access token of theirs could be valid. Without `after`: the present state. At most 1000 entries; call again with the `cursor` until an answer has fewer. For confidential clients, which authenticate by HTTP Basic.',
    }),
    ApiProject(),
    ApiSecurity(CLIENT_SCHEME),
    ApiOkResponse({
      description: 'What has happened since the cursor.',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['cursor', 'ended', 'users'],
            properties: {
              cursor: { type: 'string', description: 'The `after` of the next call.' },
              ended: {
                type: 'array',
                description: 'Sessions that ended. Refuse access tokens with this `sid`.',
                items: {
                  type: 'object',
                  required: ['sid', 'exp'],
                  properties: {
                    sid: { type: 'string', description: 'The session id, the claim `sid`.' },
                    exp: {
                      type: 'integer',
                      description:
                        'Until when an access token of the session could be valid, in Unix seconds.',
                    },
                  },
                },
              },
              users: {
                type: 'array',
                description: 'Users who were logged out everywhere.',
                items: {
                  type: 'object',
                  required: ['id', 'before'],
                  properties: {
                    id: { type: 'string', description: 'The user’s id, the claim `sub`.' },
                    before: {
                      type: 'integer',
                      description:
                        'Refuse access tokens of the user that were issued (`iat`) before this time, in milliseconds since the Unix epoch.',
                    },
                  },
                },
              },
            },
          },
        },
      },
    }),
    ApiOAuthErrors('invalid_client'),
    ApiOAuthError(410, ['invalid_request']),
  );
