import { types } from 'node:util';

/** Deeper than any of our answers, and shallow enough that recursion here and in JSON.stringify is safe. */
export const MAX_DEPTH = 100;

/** Maximum values in one answer. Also ends the copy of a result that shares references exponentially. */
const MAX_VALUES = 100_000;

/** Whether a key could cause prototype pollution in later code or at a client. Such keys are dropped everywhere. */
export function isForbiddenKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype';
}

export type PlainCopy =
  { readonly kind: 'copied'; readonly data: object } | { readonly kind: 'refused'; readonly reason: string };

/**
 * Deep-copies data that JSON can represent. Refuses functions, symbols, BigInt, NaN, infinities, class instances,
 * cycles and more than {@link MAX_DEPTH} levels. Like JSON, it omits `undefined` properties and turns a Date into ISO
 * text; unlike JSON, it never turns a value into null. The copy shares nothing with the original and has no forbidden
 * keys.
 */
export function copyPlainData(value: unknown, mode: 'frozen' | 'mutable'): PlainCopy {
  if (typeof value !== 'object' || value === null || types.isDate(value)) {
    return { kind: 'refused', reason: 'is not an object or array' };
  }
  const copier = new Copier(mode === 'frozen');
  const data = copier.copyObject(value, 1);
  return data === null ? { kind: 'refused', reason: copier.refusal } : { kind: 'copied', data };
}

class Copier {
  refusal = '';
  private values = 0;

  constructor(private readonly freeze: boolean) {}

  /** Returns null if the value is refused; `refusal` then holds the reason. */
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
      return Number.isFinite(value) ? value : this.refuse('holds a number that JSON cannot represent');
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
    if (!isPlainObject(source)) return this.refuse('holds an object that is not a plain object');
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

/** Accepts plain objects of any realm: the prototype is null or has no prototype itself. */
function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
