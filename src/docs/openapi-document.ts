import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { OPERATOR_SCHEME } from '../admin/admin-api.js';
import { BEARER_SCHEME } from '../auth/bearer/api-bearer.decorator.js';
import { PluginRegistry } from '../plugins/plugin-registry.js';
import { PROBLEM_PREFIX } from '../response/envelope/api-envelope.decorator.js';
import { failureEnvelope, problemDetails } from '../response/envelope/envelope.js';
import { failureSchema, problemSchema } from '../response/envelope/envelope-schema.js';
import { ApiError, catalogue, type ErrorCode } from '../response/error/error-catalogue.js';
import { chineseText } from '../response/error/error-text-zh.js';
import { INTRODUCTION } from './introduction.js';
import { openApiSchema } from './openapi-schema.js';

type Components = NonNullable<OpenAPIObject['components']>;

/** Generates the OpenAPI 3.0 document from the running application, including the loaded plugins. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const base = new DocumentBuilder()
    .setOpenAPIVersion('3.0.3')
    .setTitle('bo-auth')
    .setVersion('3')
    .setDescription(INTRODUCTION)
    .addTag('Tokens', 'Sign in, refresh, sign out. / 登录、刷新、退出。')
    .addTag('Sessions', 'The signed-in user and their sessions. / 已登录用户及其会话。')
    .addTag('Administration', 'Projects, systems, users and the audit trail. / 项目、系统、用户与审计记录。')
    .addTag('Keys', 'For verifiers of access tokens. / 供访问令牌的校验方使用。')
    .addTag('Health', 'For probes: no tenant headers, no envelope. / 供探针使用：无租户请求头，无统一外层。')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'The `accessToken` of a login or a refresh. / 登录或刷新所得的 `accessToken`。',
      },
      BEARER_SCHEME,
    )
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        description:
          'The token of the platform’s operator, for the administration of any project. / 平台运维人员的令牌，可管理任何项目。',
      },
      OPERATOR_SCHEME,
    )
    .build();
  const document = SwaggerModule.createDocument(app, base, { standardSchemaConverter: openApiSchema });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...failureSchemas() },
    examples: { ...document.components?.examples, ...failureExamples() },
  };
  namePlugins(document, app.get(PluginRegistry).names());
  return document;
}

function failureSchemas(): NonNullable<Components['schemas']> {
  return Object.assign(
    {},
    ...[failureSchema, problemSchema].map(
      (schema) => openApiSchema(schema, { schemaType: 'output' })?.components,
    ),
  ) as NonNullable<Components['schemas']>;
}

/** Built by the same functions as real answers, so that the examples cannot differ from them. */
function failureExamples(): NonNullable<Components['examples']> {
  const codes = Object.keys(catalogue) as ErrorCode[];
  return Object.fromEntries(
    codes.flatMap((code) => {
      const error = new ApiError(code);
      const summary = `${code} / ${chineseText[code]}`;
      return [
        [code, { summary, value: failureEnvelope(error) }],
        [PROBLEM_PREFIX + code, { summary, value: problemDetails(error) }],
      ];
    }),
  );
}

function namePlugins(document: OpenAPIObject, names: readonly string[]): void {
  for (const item of Object.values(document.paths)) {
    for (const { parameters = [] } of [item.get, item.post].filter((operation) => operation !== undefined)) {
      for (const parameter of parameters) {
        if ('name' in parameter && parameter.name === '_nodejs')
          parameter.schema = { ...parameter.schema, enum: [...names] };
      }
    }
  }
}
