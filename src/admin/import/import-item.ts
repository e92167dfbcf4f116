import { z } from 'zod';
import { fields } from '../field.js';

/** What is wrong with one of the items, by its place. */
export interface Refused {
  /** From 1: of a file, the line; of a list, the item. */
  readonly line: number;
  readonly reason: string;
}

/** An item of a list or a line of a file, not judged yet. */
export interface Item {
  readonly line: number;
  readonly input: unknown;
}

/** A list in a body; each item is judged by itself, so that a bad one is told by its place. */
export const itemsSchema = (max: number) =>
  fields({
    items: z
      .array(z.unknown(), 'must be a list')
      .min(1, 'must hold at least one item')
      .max(max, `must hold at most ${max} items`),
    /** One item that is refused refuses all. */
    strict: z.boolean('must be true or false').default(false),
  });

export function itemsOf(inputs: readonly unknown[]): Item[] {
  return inputs.map((input, index) => ({ line: index + 1, input }));
}
