import type { Supersession } from '../refresh-token/decide.js';

/** The superseded tokens of a session as JSON text: a list of `[generation, branch, at]`. */
export type SupersededText = string;

/** For a session that has had only one token. */
export const NONE_SUPERSEDED: SupersededText = '[]';

export function parseSuperseded(text: SupersededText): readonly Supersession[] {
  if (text === NONE_SUPERSEDED) return [];
  const entries = JSON.parse(text) as [generation: number, branch: number, at: number][];
  return entries.map(([generation, branch, at]) => ({ generation, branch, at }));
}

/** @param seen the list that this one continues, and its text: shared entries are copied rather than serialised again */
export function writeSuperseded(
  list: readonly Supersession[],
  seen?: { readonly list: readonly Supersession[]; readonly text: SupersededText },
): SupersededText {
  const continued = seen === undefined ? null : continuedText(seen.list, seen.text, list);
  return continued ?? `[${list.map(entryText).join(',')}]`;
}

/**
 * The text of a list that extends another by one entry, possibly without its first ones: serialising sixteen
 * timestamps costs a rotation as much as two signatures.
 *
 * @returns `null` if the list does not continue the other
 */
function continuedText(
  seen: readonly Supersession[],
  text: SupersededText,
  next: readonly Supersession[],
): SupersededText | null {
  const last = next.at(-1);
  const dropped = seen.length - (next.length - 1);
  if (last === undefined || dropped < 0 || dropped >= seen.length) return null;
  if (!seen.every((entry, index) => index < dropped || entry === next[index - dropped])) return null;
  let from = 1;
  for (let i = 0; i < dropped; i++) from = text.indexOf('],[', from) + 2;
  return `[${text.slice(from, -1)},${entryText(last)}]`;
}

function entryText({ generation, branch, at }: Supersession): string {
  return `[${generation},${branch},${at}]`;
}
