import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { errors } from '../response/error/error-catalogue.js';

/** The parameters of a request to a standard endpoint. One without a value counts as absent (RFC 6749 §3.2). */
export type Form = Readonly<Record<string, string | undefined>>;

const MAX_LENGTH = 8192;

/**
 * The form of a request.
 *
 * @throws MEDIA_TYPE_UNSUPPORTED for another body; PARAMETER_INVALID for a parameter that is given twice or is too long
 */
export const FormBody = createParamDecorator((_: unknown, context: ExecutionContext): Form => {
  const request = context.switchToHttp().getRequest<FastifyRequest<{ Body: unknown }>>();
  if (request.body === undefined) return {};
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? ''))
    throw errors.MEDIA_TYPE_UNSUPPORTED({ text: 'The body must be application/x-www-form-urlencoded.' });
  return Object.fromEntries(
    Object.entries(request.body as Record<string, unknown>).map(([field, value]) => {
      if (typeof value !== 'string') throw invalid(field, 'must be given once');
      // No column contains NUL, and Postgres rejects it.
      if (value.length > MAX_LENGTH || value.includes('\0'))
        throw invalid(field, `must be given exactly once, as 1 to ${MAX_LENGTH} characters`);
      return [field, value === '' ? undefined : value];
    }),
  );
});

/** @throws PARAMETER_INVALID if the parameter is absent, or longer than `max` */
export function required(form: Form, field: string, max = MAX_LENGTH): string {
  const value = optional(form, field, max);
  if (value === undefined) throw invalid(field, `must be given exactly once, as 1 to ${max} characters`);
  return value;
}

export function optional(form: Form, field: string, max = MAX_LENGTH): string | undefined {
  const value = form[field];
  if (value !== undefined && value.length > max)
    throw invalid(field, `must be given exactly once, as 1 to ${max} characters`);
  return value;
}

function invalid(field: string, rule: string) {
  // The name of an unknown parameter is the caller's text.
  const name = /^\w{1,32}$/.test(field) ? field : 'a parameter';
  return errors.PARAMETER_INVALID({ field: name, text: `${name} ${rule}` });
}
