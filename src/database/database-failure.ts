import { StoreUnavailable } from './store-unavailable.js';

/** Why the database cannot be used, for an operator: one line that begins with the variable to change. */
export class DatabaseFailure extends StoreUnavailable {
  constructor(
    /** Where the database is and what is wrong, without credentials. */
    readonly says: string,
    /** What the operator should do. */
    readonly todo: string,
    options: ErrorOptions,
  ) {
    super(`DATABASE_URL: ${says}: ${todo}`, options);
  }
}
