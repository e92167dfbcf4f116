import { applyDecorators } from '@nestjs/common';
import { ApiHeaders } from '@nestjs/swagger';
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
          'The project (`bo_project.owner_id`). A token never works under another project. / 项目标识；令牌只在其所属项目内有效。',
        schema: { ...text, pattern: '^[A-Za-z0-9._-]{1,64}$', example: 'ptdev' },
      },
      {
        name: 'XverifyApi',
        required: true,
        description:
          'A fresh value for each request: `encryptByDES(newGuid())` with the project’s key (crypto-js DES, ECB, PKCS#7, Base64; or what the project’s profile says), the GUID optionally followed by a separator and a time stamp. / 每次请求都要新生成：用项目密钥执行 `encryptByDES(newGuid())`（crypto-js DES、ECB、PKCS#7、Base64，或按项目配置），GUID 之后可跟分隔符与时间戳。',
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
          'A system of the project that the call is confined to, e.g. `crm`; empty counts as absent. / 本次调用限定的系统，如 `crm`；为空视为未提供。',
        schema: { ...text, example: 'crm' },
      },
      {
        name: 'XuserFromFirstShareId',
        required: false,
        description:
          'The first-level sharing user (`bo_user.user_id`), e.g. `bob`; recorded on the session. / 一级分享用户，如 `bob`；记录于会话。',
        schema: { ...text, example: 'bob' },
      },
      {
        name: 'XuserFromSecondShareId',
        required: false,
        description:
          'The second-level sharing user (`bo_user.user_id`), e.g. `alice`; recorded on the session. / 二级分享用户，如 `alice`；记录于会话。',
        schema: { ...text, example: 'alice' },
      },
      {
        name: 'XfilterAreaCode',
        required: false,
        description:
          'An administrative area (GB/T 2260) that the call is narrowed to, e.g. `310101`; never widens what the user may see. / 本次调用限定的行政区划代码，如 `310101`；只会缩小范围。',
        schema: { ...text, example: '310101' },
      },
    ]),
  );
