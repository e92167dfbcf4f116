import { errors } from '../response/error/error-catalogue.js';

/** @see RFC 6749 §3.3 */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/;

/**
 * The scope of a token.
 *
 * @param requested as the `scope` parameter; absent: all that is allowed
 * @returns `null`: none
 * @throws SCOPE_INVALID for more than is allowed
 */
export function grantedScope(requested: string | undefined, allowed: readonly string[]): string | null {
  if (requested === undefined) return scopeText(allowed);
  if (!SCOPE.test(requested)) throw errors.SCOPE_INVALID({ detail: 'ill-formed' });
  const wanted = scopeValues(requested);
  if (!wanted.every((value) => allowed.includes(value))) throw errors.SCOPE_INVALID({ detail: 'too wide' });
  return scopeText(wanted);
}

export function scopeValues(scope: string | null): readonly string[] {
  return scope === null ? [] : [...new Set(scope.split(' '))];
}

export function scopeText(values: readonly string[]): string | null {
  return values.length === 0 ? null : values.join(' ');
}
