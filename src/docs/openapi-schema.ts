import type { StandardSchemaConverter } from '@nestjs/swagger';
import { z } from 'zod';

/**
 * Says in OpenAPI what a zod schema describes. A schema with an id becomes a component of that name.
 *
 * Answers may gain fields, so what is not named is not forbidden; and zod's bound of every integer (2^53 - 1) says
 * nothing to a reader.
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
    },
  }) as { definitions?: Record<string, object> } & Record<string, unknown>;
  return { schema: converted, components: { ...definitions } };
};
