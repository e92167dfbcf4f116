import type { FastifyRequest } from 'fastify';

/** `http`: the real status. `always200`: for old clients that handle no other status; the body is the same. */
export type StatusMode = 'http' | 'always200';

/** The status mode of a request's project. Implemented in the tenancy; works before any guard has run too. */
export abstract class StatusModes {
  abstract of(request: FastifyRequest): Promise<StatusMode>;
}
