import type { Provenance } from '../cache/provenance.js';

/** The user and session that an answer concerns, and its outcome: for the log and the trace only, never a credential. */
export interface Subject {
  readonly userId: string;
  readonly sessionId: string;
  /** One of a few words, for what the status code does not tell. */
  readonly outcome?: string;
}

/**
 * What a handler returns: a payload that is ready to be sent, and the write that has to be durable first.
 *
 * The order is prepare, commit, send. The plugin and the serialiser run before `commit`, so that neither can fail
 * after a refresh token has been spent. `commit` resolves to `false` when another request has changed the session
 * meanwhile: nothing was written, and the handler is called again to decide on the new state.
 */
export class Prepared<T> {
  constructor(
    readonly data: T,
    readonly provenance: Provenance | null = null,
    readonly commit: (() => Promise<boolean>) | null = null,
    readonly subject: Subject | null = null,
    /** Response headers, sent after the commit. */
    readonly headers: Readonly<Record<string, string>> | null = null,
  ) {}

  /** The same write with another payload. */
  with<U>(data: U, headers = this.headers): Prepared<U> {
    return new Prepared(data, this.provenance, this.commit, this.subject, headers);
  }

  /** The same, with work that follows the write. */
  andThen(work: () => Promise<void>): Prepared<T> {
    const { commit } = this;
    if (commit === null) return this;
    const both = async (): Promise<boolean> => {
      const committed = await commit();
      if (committed) await work();
      return committed;
    };
    return new Prepared(this.data, this.provenance, both, this.subject, this.headers);
  }
}
