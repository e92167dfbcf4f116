import { StoreUnavailable } from '../store-unavailable.js';

/** A failure of Postgres, with its SQLSTATE (e.g. `40P01`), or of the connection, with its code (e.g. `ECONNRESET`). */
export class PostgresFailure extends StoreUnavailable {
  constructor(
    readonly code: string,
    options: ErrorOptions,
  ) {
    super(code, options);
  }

  /** Nothing was written, and the same work may succeed now: after a conflict, or on another connection. */
  get mayBeTriedAgain(): boolean {
    return this.code === '40001' || this.code === '40P01' || this.code === READ_ONLY;
  }

  /** Postgres itself refused the statement, and the connection is in order. */
  get isAnswer(): boolean {
    return SQLSTATE.test(this.code) && !ENDS_CONNECTION.test(this.code) && this.code !== READ_ONLY;
  }

  override get concernsAll(): boolean {
    return !this.isAnswer;
  }

  override get isStatementError(): boolean {
    return this.code.startsWith('42');
  }

  /** A value that no column or function can take: the fault of the statement, not an outage. */
  override get isDataError(): boolean {
    return this.code.startsWith('22');
  }

  /** The server or the network ended the connection. A server that is too slow does not count. */
  get isBrokenConnection(): boolean {
    return ENDS_CONNECTION.test(this.code) || /^E[A-Z]/.test(this.code) || this.code === ENDED;
  }
}

/** From a read-only server, e.g. the former primary after a failover. */
export const READ_ONLY = '25006';

/** Connection exceptions, the operator's intervention, system errors. */
const ENDS_CONNECTION = /^(08|57P|58|XX)/;
/** The driver's own connection errors have no code. */
const ENDED = 'CONNECTION_ENDED';
const SILENT = 'CONNECTION_SILENT';
/** Also when the driver itself finds that Postgres asks for a password and the URL holds none. */
const WRONG_PASSWORD = '28P01';
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Classes whose messages quote values: data exceptions and broken constraints. */
const QUOTES_VALUES = /^2[23]/;

/** Whatever the driver threw. Its `detail` and `where` quote rows and are left out. */
export function postgresFailure(thrown: unknown): PostgresFailure {
  if (thrown instanceof PostgresFailure) return thrown;
  if (!(thrown instanceof Error)) return new PostgresFailure('UNKNOWN', { cause: thrown });
  const { code } = thrown as { code?: unknown };
  const name = typeof code === 'string' ? code : unnamed(thrown.message);
  const message = QUOTES_VALUES.test(name) ? name : thrown.message.slice(0, 120);
  return new PostgresFailure(name, { cause: new Error(message) });
}

/** Of an error of the driver, which has no code. */
function unnamed(message: string): string {
  if (message.startsWith('SASL:')) return WRONG_PASSWORD;
  return /timeout/.test(message) ? SILENT : ENDED;
}
