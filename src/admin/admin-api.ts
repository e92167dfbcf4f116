import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '../response/api-decorators.js';
import { ApiBearer, BEARER_ERRORS } from '../auth/bearer/api-bearer.decorator.js';
import { ApiEnvelope, BODY_ERRORS } from '../response/envelope/api-envelope.decorator.js';
import type { ErrorCode } from '../response/error/error-catalogue.js';
import { ApiTenantHeaders } from '../tenancy/api-tenant-headers.decorator.js';
import type { Shown } from './admin-answer.js';

const WHO = 'Requires the access token of a developer of the project, or the token of the platform operator.';

export interface AdministrationCall {
  /** The operationId. */
  readonly id: string;
  readonly summary: string;
  /** 200, or 201 if the call creates something. */
  readonly status?: 200 | 201;
  readonly errors?: readonly ErrorCode[];
}

/** Documents one administration call. */
export const ApiAdministration = <T>(
  { schema, example }: Shown<T>,
  { id, summary, status: success = 200, errors = [] }: AdministrationCall,
) =>
  applyDecorators(
    ApiOperation({ operationId: id, summary, description: WHO }),
    ApiEnvelope(schema, {
      example: example as T & object,
      status: success,
      errors: [...BEARER_ERRORS, ...BODY_ERRORS, 'ADMIN_FORBIDDEN', 'URL_TOO_LONG', ...errors],
    }),
  );

/** The name of the operator's security scheme in the documentation. */
export const OPERATOR_SCHEME = 'operator';

/** Documents an administration controller. */
export const ApiAdministrationCalls = () =>
  applyDecorators(ApiTags('Administration'), ApiTenantHeaders(), ApiBearer(), ApiBearerAuth(OPERATOR_SCHEME));
