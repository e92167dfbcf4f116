import { applyDecorators } from '@nestjs/common';
import { ApiConsumes, ApiOperation } from '../../response/api-decorators.js';
import { ApiEnvelope, BODY_ERRORS, PLUGIN_ERRORS } from '../../response/envelope/api-envelope.decorator.js';
import { TENANT_ERRORS } from '../../tenancy/api-tenant-headers.decorator.js';
import { CREDENTIAL_ERRORS, SECOND_FACTOR_ERRORS } from '../credential-fields.js';
import { EXAMPLE_GRANT } from '../example-grant.js';
import { tokenGrantSchema } from '../token-grant.js';

export const ApiChangePassword = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'changePassword',
      summary: 'Change one’s own password',
      description:
        'Takes the present password, not an access token: the call serves a voluntary change, a first login and a password that has become too old. The response is that of a login, with a new session; all other sessions of the user end (`PASSWORD_CHANGED`).',
    }),
    ApiConsumes('application/json', 'application/x-www-form-urlencoded'),
    ApiEnvelope(tokenGrantSchema, {
      example: EXAMPLE_GRANT,
      cacheType: 'sqlite',
      rewritten: true,
      errors: [
        ...TENANT_ERRORS,
        ...BODY_ERRORS,
        ...CREDENTIAL_ERRORS,
        ...SECOND_FACTOR_ERRORS,
        'PASSWORD_TOO_WEAK',
        ...PLUGIN_ERRORS,
      ],
    }),
  );
