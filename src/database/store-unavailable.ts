/** The database did not answer or its answer was lost. A write may or may not have happened, so callers get 503. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';

  /** Whether the database works but refused a value, so that repeating the request is useless. */
  get isDataError(): boolean {
    return false;
  }

  /** Whether the statement cannot run on this database, e.g. because a table or a right is missing. */
  get isStatementError(): boolean {
    return false;
  }

  /** Whether the whole database failed, not only this statement. */
  get concernsAll(): boolean {
    return true;
  }
}
