import type { FastifyRequest } from 'fastify';
import { OWNER_ID } from './owner-id.js';

/** No identifier column is longer. In characters. */
const MAX_LENGTH = 64;

export type HeaderValue =
  | { readonly kind: 'absent' }
  | { readonly kind: 'one'; readonly value: string }
  | { readonly kind: 'bad'; readonly why: string };

/**
 * Reads a header that may be sent only once. An empty header counts as absent.
 *
 * Node.js joins repeated headers with `", "`, so for a value with a comma the raw header list decides.
 */
export function singleHeader(request: FastifyRequest, name: string): HeaderValue {
  const value = request.headers[name];
  if (value === undefined || value === '') return { kind: 'absent' };
  if (typeof value !== 'string') return { kind: 'bad', why: `${name} was sent more than once` };
  if (value.includes(',') && timesSent(request, name) > 1)
    return { kind: 'bad', why: `${name} was sent more than once` };
  if (value.length > MAX_LENGTH) return { kind: 'bad', why: `${name} is too long` };
  return { kind: 'one', value };
}

/** The `XownerId` header if it is well-formed, otherwise `null`. The project may not exist. */
export function ownerIdOf(request: FastifyRequest): string | null {
  const value = request.headers['xownerid'];
  return typeof value === 'string' && OWNER_ID.test(value) ? value : null;
}

function timesSent(request: FastifyRequest, name: string): number {
  return request.raw.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name)
    .length;
}
