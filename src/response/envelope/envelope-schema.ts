import { z } from 'zod';
import type { Envelope, problemDetails } from './envelope.js';
import { catalogue, type ErrorCode } from '../error/error-catalogue.js';

const errorCode = z
  .enum(Object.keys(catalogue) as [ErrorCode, ...ErrorCode[]])
  .describe('The name of the error. It never changes.');
const number = z.int().describe('The number of the error, never 0. It never changes.');

/** The envelope around `data`: what {@link successEnvelope} makes. */
export function successSchema<T extends z.ZodType>(data: T) {
  return z.object({
    success: z.literal(true).describe('Whether the call succeeded; the same as `code === 0`.'),
    code: z.literal(0).describe('0 on success.'),
    message: z.literal('').describe('Empty on success.'),
    data,
    error: z
      .object({ errorCode: z.null(), errorText: z.null() })
      .describe('Both fields are null on success.'),
    cacheType: z
      .enum(['local', 'redis', 'sqlite', 'postgres'])
      .nullable()
      .describe('The tier that the session data was read from. null: the call read none.'),
    cacheDate: z.iso
      .datetime()
      .nullable()
      .describe('When that data was last read from the database (ISO 8601, UTC).'),
  });
}

/** What `failureEnvelope` makes. */
export const failureSchema = z
  .object({
    success: z.literal(false).describe('Whether the call succeeded; the same as `code === 0`.'),
    code: number,
    message: z
      .string()
      .describe(
        'The reason, one sentence: in English, or in Chinese if `Accept-Language` or the project prefers it. It may be reworded; decide by `errorCode`.',
      ),
    data: z.null(),
    error: z.object({
      errorCode,
      errorText: z.string().describe('The same as `message`.'),
    }),
    cacheType: z.null(),
    cacheDate: z.null(),
  })
  .meta({
    id: 'Failure',
    description: 'An error in the envelope.',
  }) satisfies z.ZodType<Envelope<never>>;

/** What `problemDetails` makes, for callers that accept `application/problem+json` (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string().describe('`urn:bo-auth:error:<errorCode>`'),
    title: z
      .string()
      .describe(
        'The reason, one sentence: in English, or in Chinese if `Accept-Language` or the project prefers it. It may be reworded; decide by `errorCode`.',
      ),
    status: z.int().describe('The HTTP status.'),
    code: number,
    errorCode,
  })
  .meta({
    id: 'ProblemDetails',
    description: 'An error as RFC 9457 problem details.',
  }) satisfies z.ZodType<ReturnType<typeof problemDetails>>;
