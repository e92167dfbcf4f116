import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { failureEnvelope } from '../envelope/envelope.js';
import { type ApiError, errors } from './error-catalogue.js';

/**
 * Answers what Node.js's HTTP parser refused, before there is a request or a reply.
 *
 * @returns what was answered; `null` where the client has disconnected
 * @see https://nodejs.org/api/http.html#event-clienterror
 */
export function answerParserFailure(
  error: NodeJS.ErrnoException,
  socket: Socket,
  requestId: string,
): ApiError | null {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return null;
  }
  const failure = {
    HPE_HEADER_OVERFLOW: errors.HEADERS_TOO_LARGE,
    ERR_HTTP_REQUEST_TIMEOUT: errors.REQUEST_TIMEOUT,
  }[error.code ?? ''];
  const answer = (failure ?? errors.REQUEST_MALFORMED)();
  const body = JSON.stringify(failureEnvelope(answer));
  socket.end(
    [
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`,
      'Content-Type: application/json; charset=utf-8',
      'Cache-Control: no-store',
      `X-Request-Id: ${requestId}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
  return answer;
}
