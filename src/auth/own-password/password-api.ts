import { applyDecorators } from '@nestjs/common';
import { ApiOperation } from '../../response/api-decorators.js';
import { ApiSignIn } from '../token-api.js';

export const ApiChangePassword = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'changePassword',
      summary: 'Change one’s own password',
      description:
        'Takes the present password, not an access token: the call serves a voluntary change, a first login and a password that has become too old. The response is that of a login, with a new session; all other sessions of the user end (`PASSWORD_CHANGED`).',
    }),
    ApiSignIn('PASSWORD_TOO_WEAK'),
  );
