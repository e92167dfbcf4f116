import type { z } from 'zod';
import { errors } from '../response/error/error-catalogue.js';

/** What is wrong with an input: a field's name and a sentence, never what was given. `null`: nothing. */
export function problemOf(result: z.ZodSafeParseResult<unknown>): string | null {
  if (result.success) return null;
  const [issue] = result.error.issues;
  return `${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`.trim();
}

/** For input that no validation pipe has seen. @throws PARAMETER_INVALID */
export function parsed<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw errors.PARAMETER_INVALID({ text: problemOf(result) ?? '' });
}
