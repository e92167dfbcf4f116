import type { FastifyRequest } from 'fastify';
import { addressMatcher } from './client-address.js';

export const isLoopback = addressMatcher(['127.0.0.0/8', '::1']);

/**
 * Whether a request names this machine by a loopback host: `localhost`, `127.0.0.1` or `[::1]`. A page of another site
 * cannot do that, even if the name of its own server is made to resolve to this machine (DNS rebinding).
 *
 * Reads `Host` alone: a page can set `X-Forwarded-Host` itself.
 */
export function namesLoopback({ headers: { host = '' } }: FastifyRequest): boolean {
  const url = `http://${host}`;
  if (!URL.canParse(url)) return false;
  return isLoopbackHost(new URL(url).hostname);
}

/** @param hostname as `URL` gives it */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || isLoopback(hostname);
}
