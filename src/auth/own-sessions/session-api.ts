import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery } from '@nestjs/swagger';
import { z } from 'zod';
import { ApiEnvelope, BODY_ERRORS } from '../../response/envelope/api-envelope.decorator.js';
import { BEARER_ERRORS } from '../bearer/api-bearer.decorator.js';
import { EXAMPLE_GRANT, EXAMPLE_SESSION } from '../example-grant.js';
import { sessionViewSchema } from './session-view.js';
import { tokenUserSchema } from '../token-grant.js';

export const ApiUser = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'user',
      summary: 'Who am I? / 当前用户',
      description: 'The user of the access token.\n\n访问令牌所属的用户。',
    }),
    ApiEnvelope(tokenUserSchema, { example: EXAMPLE_GRANT.tokenUser, errors: BEARER_ERRORS }),
  );

const sessionListSchema = z
  .object({ items: z.array(sessionViewSchema).describe('The sessions that are alive. / 有效的会话。') })
  .meta({ id: 'SessionList' });

export const ApiSessionList = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'listSessions',
      summary: 'My sessions / 我的会话',
      description: 'The sessions of the caller that are alive.\n\n调用者的全部有效会话。',
    }),
    ApiEnvelope(sessionListSchema, { example: { items: [EXAMPLE_SESSION] }, errors: BEARER_ERRORS }),
  );

const endedSchema = z
  .object({ ended: z.int().describe('How many active sessions were ended. / 终止的有效会话数。') })
  .meta({ id: 'Ended' });

/** A DELETE needs no body, and one that comes is read all the same. */
const ENDING_ERRORS = [...BEARER_ERRORS, ...BODY_ERRORS] as const;

export const ApiEndSessions = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'endSessions',
      summary: 'Sign out elsewhere, or everywhere / 退出其他或全部会话',
      description:
        '`others` ends every session of the caller but the one of the access token; `all` ends that one, too.\n\n`others`：终止除当前会话外的全部会话；`all`：连同当前会话。',
    }),
    ApiQuery({
      name: 'scope',
      description:
        '`others` or `all`; nothing is ended without it. / `others` 或 `all`；缺少时不终止任何会话。',
      example: 'others',
    }),
    ApiEnvelope(endedSchema, { example: { ended: 2 }, errors: ENDING_ERRORS }),
  );

export const ApiEndSession = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'endSession',
      summary: 'End one session / 终止一个会话',
      description:
        'Ends one of the caller’s sessions. Another user’s is as unknown as one that never was.\n\n终止调用者的一个会话。他人的会话视同不存在。',
    }),
    ApiParam({ name: 'sessionId', description: 'From the list of sessions. / 取自会话列表。' }),
    ApiEnvelope(endedSchema, {
      example: { ended: 1 },
      errors: [...ENDING_ERRORS, 'SESSION_UNKNOWN', 'URL_TOO_LONG'],
    }),
  );
