import type { Provenance } from '../cache/provenance.js';

/** Whom an answer is about and what was done, for the log and the trace alone: ids and words, never a credential. */
export interface Subject {
  readonly userId: string;
  readonly sessionId: string;
  /** One of a few words, where the status does not tell. */
  readonly outcome?: string;
}

/**
 * What a handler returns: the payload, and the write to make once the answer is ready.
 *
 * The order is prepare, settle, send. The plugin and the serialiser run first, so that neither can fail after a
 * refresh token has been spent; `settle` then commits. `false` means that another request moved the session in
 * between: the handler is asked again and judges the new state.
 */
export class Reply<T> {
  constructor(
    readonly data: T,
    readonly provenance: Provenance | null = null,
    readonly settle: (() => Promise<boolean>) | null = null,
    readonly subject: Subject | null = null,
  ) {}
}
