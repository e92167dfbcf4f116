import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { addressMatcher, canonicalAddress } from '../network/client-address.js';

/**
 * Warns, once per process, of `X-Forwarded-For` from a peer that is not a trusted proxy. If that peer is the operator's
 * proxy, all of its clients are taken for one: they share one rate limit, and the audit trail shows the proxy's address.
 */
export function noticeForwarded(
  fastify: FastifyInstance,
  trustedProxies: readonly string[],
  logger: Logger,
): void {
  const isTrusted = addressMatcher(trustedProxies);
  let hasWarned = false;
  /** The last peer that was found to be trusted, which most requests come from. */
  let trusted: string | undefined;
  fastify.addHook('onRequest', ({ raw: { headers, socket } }, _reply, done) => {
    const peer = socket.remoteAddress;
    if (hasWarned || headers['x-forwarded-for'] === undefined || peer === undefined || peer === trusted)
      return done();
    if (isTrusted(peer)) trusted = peer;
    else {
      hasWarned = true;
      logger.warn(
        { peer: canonicalAddress(peer) },
        'X-Forwarded-For is ignored, because TRUSTED_PROXIES does not contain the address that sent it; ' +
          'if that is your proxy, add it: until then all its clients share one rate limit',
      );
    }
    done();
  });
}
