import { types } from 'node:util';
import { isForbiddenKey, MAX_DEPTH } from './plain-data.js';
import { PluginFailure } from './plugin-failure.js';

/** Bounds of the cache. Field names are few and short; other keys must not fill the memory. */
const MAX_KNOWN_KEYS = 1024;
const MAX_KNOWN_KEY_LENGTH = 64;

/**
 * Creates a plugin that renames the keys of `data` at every depth and keeps every value.
 *
 * - Drops `__proto__`, `constructor` and `prototype`, and keys that the renaming turns into one of them.
 * - If two keys of one object get the same name, the key that already had the name wins, otherwise the first.
 * - Replaces objects that have `toJSON()` (such as Date), as JSON does.
 *
 * The returned plugin throws {@link PluginFailure} if the data is nested deeper than {@link MAX_DEPTH} levels or is
 * cyclic.
 *
 * Not a package: clients rely on these rules, which packages that rename keys do not document.
 */
export function keyCasePlugin(plugin: string, rename: (key: string) => string): (data: object) => object {
  const nameOf = cached(rename);

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
    throw new PluginFailure(plugin, 'the data is not an object or array');
  };
}

/** Caches `rename`. The returned function gives the new name, or `null` if the key must be dropped. */
function cached(rename: (key: string) => string): (key: string) => string | null {
  const known = new Map<string, string | null>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const renamed = isForbiddenKey(key) ? null : rename(key);
    const name = renamed === null || isForbiddenKey(renamed) ? null : renamed;
    if (key.length > MAX_KNOWN_KEY_LENGTH) return name;
    // clear everything: the few real field names are cached again with the next answer
    if (known.size >= MAX_KNOWN_KEYS) known.clear();
    known.set(key, name);
    return name;
  };
}

/** Splits off leading and trailing underscores, which have their own meaning (`_id`) and must be kept. */
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

/** ASCII only: Unicode case mapping can change the length and cannot always be reversed. */
export function toLowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
