import type { FastifyInstance } from 'fastify';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type ApiError, errors } from '../response/error/error-catalogue.js';
import { Connection } from './connection.js';
import type { ConnectionLimits } from './connection-limits.js';
import type { OpenConnections } from './open-connections.js';

const REFUSAL = Symbol('refusal');

type Refusable = IncomingMessage & { [REFUSAL]?: ApiError };

/** Node's own answer to these events would have no envelope, no log line and no metric. */
export type ConnectListener = (request: IncomingMessage, socket: Socket) => void;

/**
 * Bounds what the clients of this server can make it hold. Call after Fastify added its listener for requests.
 *
 * @param open the connections of the server, which are added here
 */
export function guardConnections(
  server: Server,
  limits: ConnectionLimits,
  open: OpenConnections,
  { maxConnections, onConnect }: { maxConnections: number; onConnect: ConnectListener },
): void {
  server.maxConnections = maxConnections;
  server.on('connection', (socket) => {
    // An HTTPS server emits this before the handshake, with the socket below the TLS one.
    if (!isSecure(server) || socket instanceof TLSSocket) open.open(socket);
    else open.shakeHands(socket);
  });
  server.on('secureConnection', (socket) => open.open(socket));
  admitRequests(server, limits);
  server.on('connect', onConnect);
  server.on('listening', () => {
    const timer = setInterval(() => open.closeUnread(limits.unreadMs), limits.checkMs).unref();
    server.once('close', () => clearInterval(timer));
  });
}

function isSecure(server: Server): boolean {
  return 'setSecureContext' in server;
}

/** Puts the bounds before Fastify's handler; {@link answerRefusals} answers what they refuse. */
function admitRequests(server: Server, limits: ConnectionLimits): void {
  const handlers = server.listeners('request') as ((
    request: IncomingMessage,
    response: ServerResponse,
  ) => void)[];
  const handle = (request: Refusable, response: ServerResponse, refusal: ApiError | null): void => {
    const { socket } = request;
    const connection = Connection.of(socket);
    if (connection !== undefined) {
      if (connection.isRefused) return;
      if (connection.inFlight.size > 0 && socket.writableLength > limits.unreadBytes) {
        socket.destroy();
        return;
      }
      connection.newest = response;
      connection.inFlight.add(response);
      response.on('close', answered);
      if (connection.inFlight.size > limits.requestsInFlight) {
        connection.isRefused = true;
        refusal = errors.RATE_LIMITED({ retryAfter: 1, detail: 'too many requests in flight' });
      }
    }
    if (refusal !== null) {
      request[REFUSAL] = refusal;
      response.shouldKeepAlive = false;
    }
    for (const handler of handlers) handler.call(server, request, response);
  };
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) =>
    handle(request, response, lacksHost(request) ? errors.REQUEST_MALFORMED({ detail: 'no Host' }) : null),
  );
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    handle(request, response, errors.EXPECTATION_UNSUPPORTED()),
  );
  // Node would answer a missing Host without a body.
  Object.assign(server, { requireHostHeader: false });
}

/** @see RFC 9112 §3.2 */
function lacksHost({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersion === '1.1';
}

function answered(this: ServerResponse): void {
  Connection.of(this.req.socket)?.inFlight.delete(this);
}

/** Answers the requests that the bounds refused, as all others are answered. */
export function answerRefusals(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    done((request.raw as Refusable)[REFUSAL]);
  });
}
