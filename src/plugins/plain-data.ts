import { types } from 'node:util';

/** Deeper than any answer of ours, and shallow enough that recursion, here and in JSON.stringify, is safe. */
export const MAX_DEPTH = 100;

/** A bound for what one answer may hold, so that a result that refers to itself many times over ends, too. */
const MAX_VALUES = 100_000;

/**
 * Keys that reach an object's prototype when they are assigned carelessly, further down the line or at a client.
 * They are dropped wherever they appear.
 */
export function isForbiddenKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype';
}

export type PlainCopy =
  { readonly kind: 'copied'; readonly data: object } | { readonly kind: 'refused'; readonly reason: string };

/**
 * Copies what JSON can say, and refuses what it cannot: functions, symbols, BigInt, NaN and infinities, class
 * instances, cycles, more than {@link MAX_DEPTH} levels. As in JSON, an `undefined` property is left out and a
 * Date becomes its ISO text; unlike JSON, nothing is silently turned into null. The copy shares nothing with the
 * original and has no forbidden key.
 */
export function copyPlainData(value: unknown, mode: 'frozen' | 'mutable'): PlainCopy {
  if (typeof value !== 'object' || value === null || types.isDate(value)) {
    return { kind: 'refused', reason: 'is no object or array' };
  }
  const copier = new Copier(mode === 'frozen');
  const data = copier.copyObject(value, 1);
  return data === null ? { kind: 'refused', reason: copier.refusal } : { kind: 'copied', data };
}

class Copier {
  refusal = '';
  private values = 0;

  constructor(private readonly freeze: boolean) {}

  /** Null when it is refused, for the reason in `refusal`. */
  copyObject(value: object, depth: number): object | null {
    if (depth > MAX_DEPTH)
      return this.refuse(`is nested deeper than ${MAX_DEPTH} levels or refers to itself`);
    const copy = Array.isArray(value) ? this.copyItems(value, depth) : this.copyProperties(value, depth);
    return this.freeze ? Object.freeze(copy) : copy;
  }

  private copy(value: unknown, depth: number): unknown {
    this.values += 1;
    if (this.values > MAX_VALUES) return this.refuse(`holds more than ${MAX_VALUES} values`);
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') {
      return Number.isFinite(value) ? value : this.refuse('holds a number that JSON cannot say');
    }
    if (typeof value !== 'object') return this.refuse(`holds a value of type ${typeof value}`);
    if (types.isDate(value)) {
      return Number.isNaN(value.getTime()) ? this.refuse('holds an invalid date') : value.toISOString();
    }
    return this.copyObject(value, depth);
  }

  private copyItems(items: readonly unknown[], depth: number): unknown[] | null {
    const copy: unknown[] = [];
    for (const item of items) {
      copy.push(this.copy(item, depth + 1));
      if (this.refusal !== '') return null;
    }
    return copy;
  }

  private copyProperties(source: object, depth: number): object | null {
    if (!isPlainObject(source)) return this.refuse('holds an object that is not a plain one');
    const copy: Record<string, unknown> = {};
    for (const key of Object.keys(source)) {
      const value: unknown = source[key];
      if (value === undefined || isForbiddenKey(key)) continue;
      copy[key] = this.copy(value, depth + 1);
      if (this.refusal !== '') return null;
    }
    return copy;
  }

  private refuse(reason: string): null {
    this.refusal = reason;
    return null;
  }
}

/** Whatever realm it comes from: its prototype is null, or itself has none. */
function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
