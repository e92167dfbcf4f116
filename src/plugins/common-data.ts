import { keyCasePlugin, splitKey, toLowerAscii } from './key-case.js';

/**
 * The plugin `common-data`, the default if a request has no `_nodejs`: keys in lower camel case.
 *
 * @example `{ token_user: { push_name: 'x' } }` → `{ tokenUser: { pushName: 'x' } }`
 */
export const commonData = keyCasePlugin('common-data', toCamelCase);

/**
 * `push_name`, `PushName`, `push-name`, `PUSH_NAME` → `pushName`; `HTTPServer` → `httpServer`. A key in lower camel
 * case is unchanged (even `userID`), so the conversion is idempotent.
 */
export function toCamelCase(key: string): string {
  const { lead, core, tail } = splitKey(key);
  const [first, ...others] = core.split(/[_\-\s]+/).filter((word) => word !== '');
  if (first === undefined) return key;
  const isUpperCase = others.length > 0 && !/[a-z]/.test(core);
  const words = isUpperCase ? others.map(toLowerAscii) : others;
  return lead + lowerFirst(first) + words.map(upperFirst).join('') + tail;
}

/** Lowers a leading abbreviation entirely, except the capital that begins the next word: `HTTPServer` → `httpServer`. */
function lowerFirst(word: string): string {
  return word.replace(/^(?:[A-Z]+(?![a-z])|[A-Z])/, toLowerAscii);
}

function upperFirst(word: string): string {
  return word.replace(/^[a-z]/, (letter) => letter.toUpperCase());
}
