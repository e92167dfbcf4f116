import { types } from 'node:util';
import { isForbiddenKey, MAX_DEPTH } from './plain-data.js';
import { PluginFailure } from './plugin-failure.js';

/** Keys worth remembering are field names: few and short. The bounds keep foreign keys from filling the memory. */
const MAX_KNOWN_KEYS = 1024;
const MAX_KNOWN_KEY_LENGTH = 64;

/**
 * Makes a plugin that renames the keys of `data` at every depth and leaves every value as it is.
 *
 * - `__proto__`, `constructor` and `prototype` are dropped, also where a key would only become one of them.
 * - When two keys of one object get the same name, the one that already had that name wins, else the first.
 * - What JSON would replace by its `toJSON()` (a Date) is replaced here, too.
 *
 * @throws {PluginFailure} when the data is nested deeper than {@link MAX_DEPTH} levels, or refers to itself
 */
export function keyCasePlugin(plugin: string, rename: (key: string) => string): (data: object) => object {
  const nameOf = remembering(rename);

  function convert(value: object, depth: number): unknown {
    if (depth > MAX_DEPTH)
      throw new PluginFailure(plugin, `the data is nested deeper than ${MAX_DEPTH} levels`);
    const json: unknown = 'toJSON' in value && typeof value.toJSON === 'function' ? value.toJSON() : value;
    if (typeof json !== 'object' || json === null) return json;
    if (Array.isArray(json)) return convertItems(json, depth);
    if (types.isBoxedPrimitive(json)) return json;
    return convertProperties(json, depth);
  }

  function convertItems(items: readonly unknown[], depth: number): unknown[] {
    const converted: unknown[] = [];
    for (const item of items) {
      converted.push(typeof item === 'object' && item !== null ? convert(item, depth + 1) : item);
    }
    return converted;
  }

  function convertProperties(source: object, depth: number): object {
    const converted: Record<string, unknown> = {};
    for (const key of Object.keys(source)) {
      const name = nameOf(key);
      if (name === null || (name !== key && Object.hasOwn(converted, name))) continue;
      const value: unknown = Reflect.get(source, key);
      converted[name] = typeof value === 'object' && value !== null ? convert(value, depth + 1) : value;
    }
    return converted;
  }

  return (data) => {
    const converted = convert(data, 1);
    if (typeof converted === 'object' && converted !== null) return converted;
    throw new PluginFailure(plugin, 'the data is no object or array');
  };
}

/** The new name of a key, or null for a key to drop; each is worked out once. */
function remembering(rename: (key: string) => string): (key: string) => string | null {
  const known = new Map<string, string | null>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const renamed = isForbiddenKey(key) ? null : rename(key);
    const name = renamed === null || isForbiddenKey(renamed) ? null : renamed;
    if (key.length > MAX_KNOWN_KEY_LENGTH) return name;
    // emptied as a whole: the few real field names are back with the next answer
    if (known.size >= MAX_KNOWN_KEYS) known.clear();
    known.set(key, name);
    return name;
  };
}

/** A key's leading and trailing underscores, which carry a meaning of their own (`_id`), and what lies between. */
export function splitKey(key: string): {
  readonly lead: string;
  readonly core: string;
  readonly tail: string;
} {
  let start = 0;
  while (key[start] === '_') start += 1;
  let end = key.length;
  while (end > start && key[end - 1] === '_') end -= 1;
  return { lead: key.slice(0, start), core: key.slice(start, end), tail: key.slice(end) };
}

/** ASCII only: Unicode case mapping changes lengths and is not its own inverse. */
export function toLowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
