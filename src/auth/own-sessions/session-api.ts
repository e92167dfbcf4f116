import { applyDecorators } from '@nestjs/common';
import { z } from 'zod';
import { ApiOperation, ApiParam, ApiQuery } from '../../response/api-decorators.js';
import { ApiEnvelope, BODY_ERRORS } from '../../response/envelope/api-envelope.decorator.js';
import { BEARER_ERRORS } from '../bearer/api-bearer.decorator.js';
import { EXAMPLE_GRANT, EXAMPLE_SESSION } from '../example-grant.js';
import { sessionViewSchema } from './session-view.js';
import { tokenUserSchema } from '../token-grant.js';

export const ApiUser = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'user',
      summary: 'Show the current user',
      description: 'Returns the user of the access token.',
    }),
    ApiEnvelope(tokenUserSchema, { example: EXAMPLE_GRANT.tokenUser, errors: BEARER_ERRORS }),
  );

const sessionListSchema = z
  .object({
    items: z.array(sessionViewSchema).describe('The active sessions.'),
    nextCursor: z.string().nullable().describe('The cursor of the next page. null: this is the last page.'),
  })
  .meta({ id: 'SessionList' });

export const ApiSessionList = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'listSessions',
      summary: 'List my sessions',
      description: 'Returns the active sessions of the current user, newest first, page by page.',
    }),
    ApiQuery({
      name: 'limit',
      description: 'Items per page, 1 to 200. Default: 100.',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 200, default: 100 },
    }),
    ApiQuery({ name: 'cursor', description: 'The `nextCursor` of the previous page.', required: false }),
    ApiEnvelope(sessionListSchema, {
      example: { items: [EXAMPLE_SESSION], nextCursor: null },
      errors: [...BEARER_ERRORS, 'PARAMETER_INVALID'],
    }),
  );

const endedSchema = z
  .object({ ended: z.int().describe('Number of active sessions that were ended.') })
  .meta({ id: 'Ended' });

/** A DELETE needs no body, but one that is sent is parsed. */
const ENDING_ERRORS = [...BEARER_ERRORS, ...BODY_ERRORS] as const;

export const ApiEndSessions = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'endSessions',
      summary: 'End my other sessions, or all',
      description:
        '`scope=others` ends every session of the current user except the one of the access token. `scope=all` ends that one too.',
    }),
    ApiQuery({
      name: 'scope',
      description: '`others` or `all`. Required, so that a missing parameter ends nothing.',
      example: 'others',
    }),
    ApiEnvelope(endedSchema, { example: { ended: 2 }, errors: ENDING_ERRORS }),
  );

export const ApiEndSession = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'endSession',
      summary: 'End one of my sessions',
      description:
        'Ends one session of the current user. The session of another user gives 404, like one that does not exist.',
    }),
    ApiParam({ name: 'sessionId', description: 'The session id, from the list of sessions.' }),
    ApiEnvelope(endedSchema, {
      example: { ended: 1 },
      errors: [...ENDING_ERRORS, 'SESSION_UNKNOWN', 'URL_TOO_LONG'],
    }),
  );
