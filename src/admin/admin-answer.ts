import { z } from 'zod';
import { EXAMPLE_TIME } from '../response/envelope/api-envelope.decorator.js';
import type { Page } from '../response/page.js';
import { described } from './field-text.js';

/** What the answers of the administration consist of. */
export const text = z.string();
export const texts = z.array(text);
export const time = z.iso.datetime();
export const status = z.enum(['active', 'disabled']);
export const onOff = z.enum(['on', 'off']);

/** The time in the examples. */
export const AT = new Date(EXAMPLE_TIME).toISOString();

/** A schema and an example of it. */
export interface Shown<T> {
  readonly schema: z.ZodType<T & object>;
  readonly example: T;
}

export const shown = <T extends object>(
  id: string,
  schema: z.ZodType<T>,
  example: z.output<z.ZodType<T>>,
): Shown<T> => ({
  schema: schema.meta({ id }),
  example,
});

export const pageOf = <T>(id: string, { schema, example }: Shown<T>): Shown<Page<T>> =>
  shown<Page<T>>(
    id,
    z.object(described({ items: z.array(schema as z.ZodType<T>), nextCursor: text.nullable() })),
    { items: [example], nextCursor: null },
  );
