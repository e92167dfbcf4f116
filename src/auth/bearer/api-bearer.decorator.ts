import { applyDecorators } from '@nestjs/common';
import { ApiDpopAccess } from '../dpop/api-dpop.decorator.js';
import { ApiBearerAuth } from '../../response/api-decorators.js';
import type { ErrorCode } from '../../response/error/error-catalogue.js';
import { SESSION_OVER_ERRORS } from '../session/session-over.js';
import { SCOPE_ERRORS, TENANT_ERRORS } from '../../tenancy/api-tenant-headers.decorator.js';

/** The name of the documentation's security scheme. */
export const BEARER_SCHEME = 'bearer';

/** The errors of a call that needs an access token. */
export const BEARER_ERRORS: readonly ErrorCode[] = [
  ...TENANT_ERRORS,
  'ACCESS_TOKEN_REFUSED',
  'DPOP_PROOF_INVALID',
  ...SESSION_OVER_ERRORS,
  ...SCOPE_ERRORS,
];

/** Documents that a call needs an access token (RFC 6750 §2.1, RFC 9449 §7.1). */
export const ApiBearer = () => applyDecorators(ApiBearerAuth(BEARER_SCHEME), ApiDpopAccess());
