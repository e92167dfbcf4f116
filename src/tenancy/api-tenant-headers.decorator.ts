import { applyDecorators } from '@nestjs/common';
import { ApiHeaders } from '../response/api-decorators.js';
import type { ErrorCode } from '../response/error/error-catalogue.js';

/** Errors that the tenant headers of any call can cause. */
export const TENANT_ERRORS = [
  'PROJECT_HEADER_INVALID',
  'HEADER_INVALID',
  'SYSTEM_UNKNOWN',
  'SHARE_USER_UNKNOWN',
  'AREA_UNKNOWN',
  'PROJECT_UNKNOWN',
  'VERIFY_API_REFUSED',
] as const satisfies readonly ErrorCode[];

/** Further errors on calls that authenticate a user. */
export const SCOPE_ERRORS = ['SYSTEM_FORBIDDEN', 'AREA_FORBIDDEN'] as const satisfies readonly ErrorCode[];

const text = { type: 'string', maxLength: 64 } as const;

/** Documents the headers that {@link TenantHeadersGuard} reads, with examples from the demo data. */
export const ApiTenantHeaders = () =>
  applyDecorators(
    ApiHeaders([
      {
        name: 'XownerId',
        required: true,
        description:
          'The project (`bo_project.owner_id`). A token is valid only in the project that issued it.',
        schema: { ...text, pattern: '^[A-Za-z0-9._-]{1,64}$', example: 'ptdev' },
      },
      {
        name: 'XverifyApi',
        required: true,
        description:
          'Anti-forgery value, new for every request: `encryptByDES(newGuid())` with the key of the project. The default is crypto-js DES, ECB, PKCS#7, Base64; the project’s verification profile may say otherwise. A separator and a timestamp may follow the GUID.',
        schema: {
          type: 'string',
          maxLength: 1024,
          example: 'qmfJ8rntc+Js3JWsqkiuaS2M9jEYPr5LRKfBDXJIDE2nHs/c4kHuRw==',
        },
      },
      {
        name: 'XsysId',
        required: false,
        description:
          'Limits the call to one system of the project, e.g. `crm`. An empty value counts as absent.',
        schema: { ...text, example: 'crm' },
      },
      {
        name: 'XuserFromFirstShareId',
        required: false,
        description: 'The first-level sharing user (`bo_user.user_id`), e.g. `bob`. Recorded on the session.',
        schema: { ...text, example: 'bob' },
      },
      {
        name: 'XuserFromSecondShareId',
        required: false,
        description:
          'The second-level sharing user (`bo_user.user_id`), e.g. `alice`. Recorded on the session.',
        schema: { ...text, example: 'alice' },
      },
      {
        name: 'XfilterAreaCode',
        required: false,
        description:
          'Limits the call to one administrative area (GB/T 2260 code), e.g. `310101`. It can narrow what the user may see, never widen it.',
        schema: { ...text, example: '310101' },
      },
    ]),
  );
