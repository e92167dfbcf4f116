import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { failureEnvelope } from '../response/envelope/envelope.js';
import { type ApiError, errors } from '../response/error/error-catalogue.js';
import { Connection, endConnection } from './connection.js';

/**
 * Answers what node's HTTP parser refused, where there is neither a request nor a reply yet, and closes the connection.
 *
 * @returns what to log and count; `null` if the client is gone or has not spoken HTTP yet
 * @see https://nodejs.org/api/http.html#event-clienterror
 */
export function answerParserFailure(
  error: NodeJS.ErrnoException,
  socket: Socket,
  { requestId, lingerMs }: { requestId: string; lingerMs: number },
): ApiError | null {
  const connection = Connection.of(socket);
  // Without a connection the TLS handshake failed or took too long, and nothing can be written.
  if (connection === undefined || error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return null;
  }
  if (connection.isRefused) return null;
  connection.isRefused = true;
  const failure = {
    HPE_HEADER_OVERFLOW: errors.HEADERS_TOO_LARGE,
    ERR_HTTP_REQUEST_TIMEOUT: errors.REQUEST_TIMEOUT,
  }[error.code ?? ''];
  const answer = (failure ?? errors.REQUEST_MALFORMED)();
  if (!connection.owesAnAnswer) endConnection(socket, rawAnswer(answer, requestId), lingerMs);
  else if (connection.newest?.headersSent === false) {
    // Written now, the failure would pass for the answer to the earlier request. That one closes the connection.
    connection.newest.shouldKeepAlive = false;
  } else socket.destroy();
  return answer;
}

/** Refuses CONNECT, which node hands over as a bare socket. @see RFC 9110 §9.3.6 */
export function refuseTunnel(
  socket: Socket,
  { requestId, lingerMs }: { requestId: string; lingerMs: number },
): ApiError {
  const answer = errors.METHOD_NOT_ALLOWED({ allow: [] });
  // Node has taken its own listener away.
  socket.on('error', () => socket.destroy());
  if (Connection.of(socket)?.inFlight.size === 0)
    endConnection(socket, rawAnswer(answer, requestId), lingerMs);
  else socket.destroy();
  return answer;
}

function rawAnswer(failure: ApiError, requestId: string): string {
  const body = JSON.stringify(failureEnvelope(failure));
  return [
    `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}`,
    'Content-Type: application/json; charset=utf-8',
    'Cache-Control: no-store',
    ...(failure.allow === undefined ? [] : [`Allow: ${failure.allow.join(', ')}`]),
    `X-Request-Id: ${requestId}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
