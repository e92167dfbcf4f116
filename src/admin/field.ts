import { z } from 'zod';
import { pageShape } from '../response/page.js';
import { OWNER_ID } from '../tenancy/owner-id.js';
import { described } from './field-text.js';

/** Databases refuse NUL, headers and log lines refuse line breaks, and a lone surrogate is not valid Unicode. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/** Text for people, e.g. a name. */
export const text = (min: number, max: number) => {
  const rule = `must be ${min} to ${max} characters without control characters`;
  return z
    .string(rule)
    .min(min, rule)
    .max(max, rule)
    .refine((value) => !UNPRINTABLE.test(value), rule);
};

/** A project identifier, as in the `XownerId` header. */
export const ownerId = z
  .string('must be 1 to 64 of the characters A-Z a-z 0-9 . _ -')
  .regex(OWNER_ID, 'must be 1 to 64 of the characters A-Z a-z 0-9 . _ -');

const IDENTIFIER = /^[\x21-\x2b\x2d-\x7e]{1,64}$/;
const IDENTIFIER_RULE = 'must be 1 to 64 visible ASCII characters without a comma';

/** An identifier that fits into headers and into the comma-joined claims of an access token. */
export const identifier = z.string(IDENTIFIER_RULE).regex(IDENTIFIER, IDENTIFIER_RULE);

const LIST_MAX = 256;

/** A list without duplicates; an access token joins it by commas. */
export const list = <Item extends string>(item: z.ZodType<Item>) =>
  z
    .array(item, 'must be a list')
    .max(LIST_MAX, `must be a list of at most ${LIST_MAX}`)
    .transform((values) => [...new Set(values)]);

/** A role, department or job, in any script. */
export const label = text(1, 64).refine((value) => !value.includes(','), 'must be without a comma');

export const whole = (min: number, max: number) => {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z.number(rule).int(rule).min(min, rule).max(max, rule);
};

export const choice = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, `must be one of ${values.join(', ')}`);

/** Not `z.never()`: its issue has no path and would not name the field. */
const unknownField = z.unknown().refine(() => false, 'is not a field of this call');
const unknownParameter = z.unknown().refine(() => false, 'is not a parameter of this call');

/** An object schema that refuses unknown fields, so that a misspelt one is not silently ignored. */
export const fields = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.object(described(shape), 'must be an object').catchall(unknownField) as unknown as z.ZodObject<Shape>;

/** The query of a call; refuses unknown parameters, so that a misspelt filter does not list everything. */
export const parameters = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.object(described(shape)).catchall(unknownParameter) as unknown as z.ZodObject<Shape>;

/** The query of a paged list without filters. */
export const pageSchema = parameters(pageShape);

const TIME_RULE = 'must be ISO 8601 with an offset, or milliseconds since the epoch';
const LAST_MS = Date.UTC(9999, 11, 31);

/** A time, as ms since the epoch. */
export const time = z
  .union([z.iso.datetime({ offset: true }), z.number(), z.string().regex(/^\d{13}$/)], TIME_RULE)
  .transform((value) => (typeof value === 'string' && /\D/.test(value) ? Date.parse(value) : Number(value)))
  .refine((ms) => Number.isSafeInteger(ms) && ms >= 0 && ms <= LAST_MS, TIME_RULE);
