import type { z } from 'zod';
import { errors } from '../response/error/error-catalogue.js';

/** The first problem of an input as field name and rule, without the value; `null` if it is valid. */
export function problemOf(result: z.ZodSafeParseResult<unknown>): string | null {
  if (result.success) return null;
  const [issue] = result.error.issues;
  return `${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`.trim();
}

/** Validates input that does not pass the validation pipe. @throws PARAMETER_INVALID */
export function parsed<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw errors.PARAMETER_INVALID({
    field: result.error.issues[0]?.path.join('.').slice(0, 64),
    text: problemOf(result) ?? '',
  });
}
