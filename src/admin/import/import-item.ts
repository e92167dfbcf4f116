import { z } from 'zod';
import { fields } from '../field.js';

/** Why an item was refused. */
export interface Refused {
  /** Counted from 1: the line of a file, or the position in a list. */
  readonly line: number;
  readonly reason: string;
}

/** An item of a list or a line of a file, before validation. */
export interface Item {
  readonly line: number;
  readonly input: unknown;
}

/** A list in a request body. Items are validated one by one, so that each refusal names its position. */
export const itemsSchema = (max: number) =>
  fields({
    items: z
      .array(z.unknown(), 'must be a list')
      .min(1, 'must hold at least one item')
      .max(max, `must hold at most ${max} items`),
    /** Import nothing if an item is refused. */
    strict: z.boolean('must be true or false').default(false),
  });

export function itemsOf(inputs: readonly unknown[]): Item[] {
  return inputs.map((input, index) => ({ line: index + 1, input }));
}
