import type { StandardSchemaConverter } from '@nestjs/swagger';
import { z } from 'zod';

/**
 * Says in OpenAPI what a zod schema describes. A schema with an id becomes a component of that name.
 *
 * Answers may gain fields, so what is not named is not forbidden. What says nothing to a reader is left out: zod's
 * bound of every integer (2^53 - 1) and its pattern of a time.
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

/** `nullable` alone lets no null past an `enum` that does not list it. @see OpenAPI 3.0.3, Schema Object */
function allowNull(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const { nullable, enum: values } = node as { nullable?: unknown; enum?: unknown };
  if (nullable === true && Array.isArray(values) && !values.includes(null)) values.push(null);
  Object.values(node).forEach(allowNull);
}
