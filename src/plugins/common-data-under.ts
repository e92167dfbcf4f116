import { keyCasePlugin, splitKey, toLowerAscii } from './key-case.js';

/**
 * The plugin `common-data-under`: keys in snake case.
 *
 * @example `{ tokenUser: { pushName: 'x' } }` → `{ token_user: { push_name: 'x' } }`
 */
export const commonDataUnder = keyCasePlugin('common-data-under', toSnakeCase);

/** `pushName`, `PushName`, `push-name`, `PUSH_NAME` → `push_name`; `userID` → `user_id`; `HTTPServer` → `http_server`. */
export function toSnakeCase(key: string): string {
  const { lead, core, tail } = splitKey(key);
  const words = core
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .split(/[_\-\s]+/)
    .filter((word) => word !== '');
  return words.length === 0 ? key : lead + toLowerAscii(words.join('_')) + tail;
}
