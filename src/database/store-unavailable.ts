/** A database that did not answer, or whose answer was lost: the fate of a write is unknown, so callers get 503. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
