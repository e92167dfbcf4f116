import type { FastifyReply } from 'fastify';

/** Says that the response depends on a request header, in addition to others. @see RFC 9110 §12.5.5 */
export function addVary(reply: FastifyReply, header: string): void {
  const before = reply.getHeader('vary');
  reply.header('vary', before === undefined ? header : `${String(before)}, ${header}`);
}
