import type { StandardSchemaConverter } from '@nestjs/swagger';
import { z } from 'zod';

/**
 * Converts a zod schema to OpenAPI. A schema with an id becomes a component of that name.
 *
 * Omits `additionalProperties: false`, because answers may gain fields, and two noisy constraints of zod: the limits of
 * safe integers (±(2^53 - 1)) and the pattern of date-times.
 */
export const openApiSchema: StandardSchemaConverter = (schema, { schemaType }) => {
  if (!(schema instanceof z.ZodType)) return undefined;
  const { definitions, ...converted } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: schemaType,
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    },
  }) as { definitions?: Record<string, object> } & Record<string, unknown>;
  allowNull(converted);
  allowNull(definitions);
  return { schema: converted, components: { ...definitions } };
};

/** Adds `null` to the `enum` of nullable schemas: `nullable` alone does not allow it. @see OpenAPI 3.0.3, Schema Object */
function allowNull(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const { nullable, enum: values } = node as { nullable?: unknown; enum?: unknown };
  if (nullable === true && Array.isArray(values) && !values.includes(null)) values.push(null);
  Object.values(node).forEach(allowNull);
}
