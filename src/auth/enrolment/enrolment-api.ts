import { applyDecorators } from '@nestjs/common';
import { z } from 'zod';
import { ApiOperation } from '../../response/api-decorators.js';
import { ApiEnvelope, BODY_ERRORS } from '../../response/envelope/api-envelope.decorator.js';
import { TENANT_ERRORS } from '../../tenancy/api-tenant-headers.decorator.js';
import { ApiBearer, BEARER_ERRORS } from '../bearer/api-bearer.decorator.js';
import { CREDENTIAL_ERRORS } from '../credential-fields.js';

const newSecretSchema = z
  .object({
    secret: z.string().describe('The secret in Base32, to be typed into an authenticator app.'),
    otpauthUri: z
      .string()
      .describe('The same as a URI, to be shown as a QR code. Render it on the page: it is a secret.'),
  })
  .meta({ id: 'NewSecondFactor' });

const recoveryCodesSchema = z
  .object({
    recoveryCodes: z
      .array(z.string())
      .describe('Ten codes, each good for one login without the authenticator app. Shown only this once.'),
  })
  .meta({ id: 'RecoveryCodes' });

const removedSchema = z
  .object({ removed: z.literal(1).describe('The second factor was removed.') })
  .meta({ id: 'SecondFactorRemoved' });

export const ApiBeginEnrolment = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'beginSecondFactor',
      summary: 'Enrol for the second factor',
      description:
        'Returns a new secret for an authenticator app (TOTP, RFC 6238). Nothing changes for the user until a code confirms it; calling again returns another secret. An enrolled user gets 409: remove the second factor first, or ask an administrator to reset it.',
    }),
    ApiEnvelope(newSecretSchema, {
      example: {
        secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
        otpauthUri:
          'otpauth://totp/Shop:carol?issuer=Shop&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30',
      },
      errors: [...TENANT_ERRORS, ...BODY_ERRORS, ...CREDENTIAL_ERRORS, 'SECOND_FACTOR_CONFLICT'],
    }),
  );

export const ApiConfirmEnrolment = () =>
  applyDecorators(
    ApiOperation({
      operationId: 'confirmSecondFactor',
      summary: 'Confirm the second factor',
      description:
        'Completes the enrolment with a code from the authenticator app, and returns the recovery codes. From then on every login of the user needs a code. The code that confirms is used up.',
    }),
    ApiEnvelope(recoveryCodesSchema, {
      example: { recoveryCodes: ['mfrg-g2lt-mvzs-a3lf-onzw-c43f'] },
      errors: [
        ...TENANT_ERRORS,
        ...BODY_ERRORS,
        ...CREDENTIAL_ERRORS,
        'SECOND_FACTOR_REFUSED',
        'SECOND_FACTOR_CONFLICT',
      ],
    }),
  );

export const ApiRemoveSecondFactor = () =>
  applyDecorators(
    ApiBearer(),
    ApiOperation({
      operationId: 'removeSecondFactor',
      summary: 'Remove my second factor',
      description:
        'Removes the second factor of the current user, where the project makes it optional. Takes a current code, or a recovery code.',
    }),
    ApiEnvelope(removedSchema, {
      example: { removed: 1 },
      errors: [
        ...BEARER_ERRORS,
        ...BODY_ERRORS,
        'LOGIN_LOCKED',
        'SECOND_FACTOR_REFUSED',
        'SECOND_FACTOR_CONFLICT',
      ],
    }),
  );
