import { z } from 'zod';
import { type ApiError, errors } from './error/error-catalogue.js';

const LIMIT_MAX = 200;
const LIMIT_RULE = `must be a whole number from 1 to ${LIMIT_MAX}`;
/** Postgres refuses NUL and lone surrogates; a cursor that contains one is forged. */
const UNSTORABLE = /[\0\p{Cs}]/u;
const CURSOR_RULE = 'must be the nextCursor of an answer to the same call';

/** The parameters of a paged list. */
export const pageShape = {
  limit: z
    .string(LIMIT_RULE)
    .regex(/^\d{1,3}$/, LIMIT_RULE)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= LIMIT_MAX, LIMIT_RULE)
    .default(50),
  cursor: z
    .string(CURSOR_RULE)
    .regex(/^[A-Za-z0-9_-]{1,512}$/, CURSOR_RULE)
    .optional(),
};

export interface PageRequest {
  /** 1 to 200 */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** The cursor of the next page; `null` on the last page. */
  readonly nextCursor: string | null;
}

/**
 * The key after which the page starts; `null` for the first page.
 *
 * @param list the name of the list; a cursor of another list is refused
 * @param form what keys of this list look like
 * @throws PARAMETER_INVALID
 */
export function startOf(list: string, { cursor }: PageRequest, form = /^/): string | null {
  if (cursor === undefined) return null;
  const [of, key, ...rest] = decoded(cursor);
  if (of !== list || typeof key !== 'string' || rest.length > 0) throw wrongCursor();
  if (UNSTORABLE.test(key) || !form.test(key)) throw wrongCursor();
  return key;
}

/** The same for a list that is sorted by a number. */
export function startNumberOf(list: string, page: PageRequest): number | null {
  const key = startOf(list, page, /^\d{1,15}$/);
  return key === null ? null : Number(key);
}

function wrongCursor(): ApiError {
  return errors.PARAMETER_INVALID({ field: 'cursor', text: `cursor ${CURSOR_RULE}` });
}

/**
 * @param rows the rows of the page, and one more if there is a next page: at most `limit` + 1
 * @param keyOf the sort key of the list
 */
export function pageOf<Row, T>(
  list: string,
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
  view: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor =
    rows.length <= limit || last === undefined
      ? null
      : Buffer.from(JSON.stringify([list, keyOf(last)])).toString('base64url');
  return { items: shown.map(view), nextCursor };
}

function decoded(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
