import { keyCasePlugin, splitKey, toLowerAscii } from './key-case.js';

/**
 * The plugin `common-data`, which answers are given without `_nodejs`, too: keys in lower camel case.
 *
 * @example `{ token_user: { push_name: 'x' } }` → `{ tokenUser: { pushName: 'x' } }`
 */
export const commonData = keyCasePlugin('common-data', toCamelCase);

/**
 * `push_name`, `PushName`, `push-name`, `PUSH_NAME` → `pushName`; `HTTPServer` → `httpServer`. A key that is in
 * lower camel case stays as it is (`userID`, too), so that converting twice changes nothing more.
 */
export function toCamelCase(key: string): string {
  const { lead, core, tail } = splitKey(key);
  const [first, ...others] = core.split(/[_\-\s]+/).filter((word) => word !== '');
  if (first === undefined) return key;
  const shouted = others.length > 0 && !/[a-z]/.test(core);
  const words = shouted ? others.map(toLowerAscii) : others;
  return lead + lowerFirst(first) + words.map(upperFirst).join('') + tail;
}

/** A leading abbreviation is lowered whole, but for the capital that begins the next word. */
function lowerFirst(word: string): string {
  return word.replace(/^(?:[A-Z]+(?![a-z])|[A-Z])/, toLowerAscii);
}

function upperFirst(word: string): string {
  return word.replace(/^[a-z]/, (letter) => letter.toUpperCase());
}
