import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { randomUUID, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { addressMatcher } from '../network/client-address.js';
import type { ConnectionLimits } from '../connection/connection-limits.js';
import { answerParserFailure } from '../connection/parser-failure.js';
import { requestIdOf } from '../logging/request-id.js';
import type { RequestLog } from '../logging/request-log.js';
import { reportUnrouted } from './unrouted-report.js';
import { TLS_PROTOCOL, tlsCertificate, weakness } from './tls-certificate.js';

const BODY_LIMIT_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 65_000;

export interface AdapterParts {
  readonly logger: Logger;
  readonly requestLog: RequestLog;
  readonly limits: ConnectionLimits;
  /** Answers requests that the router refuses, before there is a route. */
  readonly refuse: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;
}

/** The Fastify server behind Nest. */
export function createAdapter(
  config: Config,
  { logger, requestLog, refuse, limits }: AdapterParts,
): FastifyAdapter {
  const server = {
    headersTimeout: limits.requestMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
  };
  const options = {
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // Each line of the request log names its request; a child logger per request would cost 3 µs.
    childLoggerFactory: (shared: FastifyBaseLogger) => shared,
    frameworkErrors: refuse,
    // Fastify would serve HEAD by running the GET handler, which may spend a refresh token.
    exposeHeadRoutes: false,
    // No Nest middleware is used; looking for some would cost every request.
    skipMiddie: true,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // During shutdown, requests that still arrive are served and their connections closed. Fastify's own 503 would
    // have neither envelope nor Retry-After.
    return503OnClosing: false,
    // Fastify's own matcher would not recognise a proxy whose entry has a port.
    trustProxy: config.trustedProxies.length === 0 ? false : addressMatcher(config.trustedProxies),
    genReqId: requestIdOf,
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => {
      const requestId = randomUUID();
      const failure = answerParserFailure(error, socket, { requestId, lingerMs: limits.lingerMs });
      if (failure !== null) reportUnrouted(requestLog, requestId, failure);
    },
  };
  if (config.tls === null) return new FastifyAdapter({ ...options, http: server });
  const certificate = tlsCertificate(config.tls);
  const weak = weakness(new X509Certificate(certificate.cert));
  if (weak !== null) logger.warn(`TLS_CERT_FILE: ${weak}; renew the certificate`);
  const https = { ...server, ...TLS_PROTOCOL, ...certificate, handshakeTimeout: limits.handshakeMs };
  return new FastifyAdapter({ ...options, https });
}
