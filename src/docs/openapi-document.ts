import type { INestApplication } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { OPERATOR_SCHEME } from '../admin/admin-api.js';
import { CLIENT_SCHEME } from '../oauth/oauth-api.js';
import { BEARER_SCHEME } from '../auth/bearer/api-bearer.decorator.js';
import { PluginRegistry } from '../plugins/plugin-registry.js';
import { loadSwagger } from '../response/api-decorators.js';
import { PROBLEM_PREFIX } from '../response/envelope/api-envelope.decorator.js';
import { failureEnvelope, problemDetails } from '../response/envelope/envelope.js';
import { failureSchema, problemSchema } from '../response/envelope/envelope-schema.js';
import { ApiError, catalogue, type ErrorCode } from '../response/error/error-catalogue.js';
import { INTRODUCTION } from './introduction.js';
import { openApiSchema } from './openapi-schema.js';

type Components = NonNullable<OpenAPIObject['components']>;

/** Generates the OpenAPI 3.0 document, in English, from the running application, including the loaded plugins. */
export async function openApiDocument(app: INestApplication): Promise<OpenAPIObject> {
  const { DocumentBuilder, SwaggerModule } = await loadSwagger();
  const base = new DocumentBuilder()
    .setOpenAPIVersion('3.0.3')
    .setTitle('bo-auth')
    .setVersion('3')
    .setDescription(INTRODUCTION)
    .addTag('Tokens', 'Sign in, refresh, sign out, introspect.')
    .addTag('Sessions', 'The current user and their sessions.')
    .addTag('Second factor', 'Time-based one-time passwords (TOTP) besides the password.')
    .addTag('OAuth 2', 'The standard endpoints of a project. No tenant headers and no envelope.')
    .addTag('Administration', 'Projects, systems, users, signing keys and the audit log.')
    .addTag('Keys', 'Public keys for services that verify access tokens.')
    .addTag('Health', 'Probes and metrics. No tenant headers and no envelope.')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'The `accessToken` from a login or a refresh.',
      },
      BEARER_SCHEME,
    )
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        description: 'The token of the platform operator, who can administer every project.',
      },
      OPERATOR_SCHEME,
    )
    .addBasicAuth(
      { type: 'http', scheme: 'basic', description: 'The id and the secret of a confidential client.' },
      CLIENT_SCHEME,
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
      const summary = `${code}: ${error.message}`;
      return [
        [code, { summary, value: failureEnvelope(error) }],
        [PROBLEM_PREFIX + code, { summary, value: problemDetails(error) }],
      ];
    }),
  );
}

function namePlugins(document: OpenAPIObject, names: readonly string[]): void {
  for (const item of Object.values(document.paths)) {
    for (const { parameters = [] } of [item.get, item.post, item.put].filter(
      (operation) => operation !== undefined,
    )) {
      for (const parameter of parameters) {
        if ('name' in parameter && parameter.name === '_nodejs')
          parameter.schema = { ...parameter.schema, enum: [...names] };
      }
    }
  }
}
