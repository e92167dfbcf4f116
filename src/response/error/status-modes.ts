import type { FastifyRequest } from 'fastify';

/** `http`: the real status. `always200`: for old clients that understand nothing else; the body is the same. */
export type StatusMode = 'http' | 'always200';

/** Tells how the project of a request wants its failures; answered by the tenancy, also before any guard ran. */
export abstract class StatusModes {
  abstract of(request: FastifyRequest): Promise<StatusMode>;
}
