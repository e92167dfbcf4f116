/** Which record: one for each login name of a project, whether a user has it or not. */
export interface RecordKey {
  readonly ownerId: string;
  /** A keyed hash of the login name: people also type passwords there. */
  readonly nameHash: string;
}

/** What a store keeps. */
export interface StoredRecord {
  /** Of a `LoginRecord`. */
  readonly text: string;
  /** `null` if nobody has the login name. */
  readonly userId: string | null;
  /** ms since the epoch; `null` if nothing is locked */
  readonly lockedUntil: number | null;
  /** When the record may be forgotten, in ms since the epoch. */
  readonly expiresAt: number;
}

/**
 * Stores how logins failed, for all processes.
 *
 * The rule is in `LoginRecord`; a store compares and replaces. Not a store of rate-limiter-flexible: its counters count
 * an attempt that succeeds or is refused, cannot tell failures from logins under way, change the two counts of a login
 * one after the other, and, on SQLite, write outside our queue.
 */
export abstract class LoginFailures {
  /** @returns the text of the record; `null` if there is none */
  abstract find(key: RecordKey): Promise<string | null>;

  /**
   * Replaces a record if it is still the one that the caller saw.
   *
   * @param seen its text; `null`: there was none
   * @param next `null` deletes it
   * @param now ms since the epoch
   */
  abstract replace(
    key: RecordKey,
    seen: string | null,
    next: StoredRecord | null,
    now: number,
  ): Promise<boolean>;

  /** @returns the users of a project with a lock, in no particular order */
  abstract lockedUsers(ownerId: string, now: number): Promise<string[]>;

  /** Deletes a record, whatever it holds. */
  abstract forget(key: RecordKey, userId: string): Promise<void>;
}

/**
 * Invented login names must not fill a store: of a project's records beyond this many, those that expire first are
 * forgotten. A limit for all projects together would let one project make the store forget those of others.
 */
export const MAX_RECORDS = 20_000;
