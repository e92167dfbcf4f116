import { JSON_ITEMS } from '../database/json-items.js';
import type { SqlDatabase, SqlTransaction, SqlValue } from '../database/sql-database.js';
import { StoreUnavailable } from '../database/store-unavailable.js';
import { detailOf } from './audit-trail.js';
import type { EventChain } from './event-chain.js';
import { withUserIds } from './user-id-fields.js';

/** How many ids one read looks at. */
const WINDOW = 20_000;
/** How many events one statement rewrites. */
const BATCH = 500;
/** How often events that change meanwhile are read again. */
const MAX_PASSES = 10;

const RANGE = 'SELECT min(id) AS first, max(id) AS last FROM bo_auth_event';

/** The events of project $1 whose detail is like $2. */
const MENTIONS = `SELECT id, detail FROM bo_auth_event WHERE detail LIKE $2 ESCAPE '!'`;
const IN_WINDOW = `${MENTIONS} AND owner_id = $1 AND id >= $3 AND id < $4`;
/** As an expression, `owner_id` keeps SQLite from reading all events of the project by its index. */
const SEALED_SINCE = `${MENTIONS} AND owner_id || '' = $1 AND chain_seq > $3`;
const UNSEALED = `${MENTIONS} AND owner_id || '' = $1 AND chain_seq IS NULL`;

/**
 * Its parameter is a JSON list of [id, detail, next detail]. Only what is still as it was read is rewritten: another user
 * may be erased from it at the same time.
 */
const setDetails = (items: string) => `
  UPDATE bo_auth_event SET detail = item.value ->> 2
  FROM ${items} AS item WHERE bo_auth_event.id = CAST(item.value ->> 0 AS bigint) AND detail = item.value ->> 1
  RETURNING id`;
const SET_DETAILS = {
  sqlite: setDetails(JSON_ITEMS.sqlite),
  postgres: setDetails(JSON_ITEMS.postgres),
} as const;

const SET_USER = `
  UPDATE bo_auth_event SET user_id = $3 WHERE id IN (
    SELECT id FROM bo_auth_event WHERE owner_id = $1 AND user_id = $2 LIMIT ${BATCH}
  ) RETURNING id`;

interface Mention {
  readonly id: number | string;
  readonly detail: string;
}

/**
 * Replaces a user in the audit trail with a pseudonym. The MACs of the chain stay the same, so an erasure that was
 * interrupted can simply be repeated.
 */
export class UserErasure {
  private constructor(
    private readonly database: SqlDatabase,
    private readonly ownerId: string,
    private readonly userId: string,
    /** What stands in the trail from now on. */
    readonly pseudonym: string,
    /** The place up to which the chain was sealed when the erasure began. */
    private readonly sealedTo: number,
  ) {}

  /** @throws ChainUnusable */
  static async begin(
    database: SqlDatabase,
    chain: EventChain,
    ownerId: string,
    userId: string,
  ): Promise<UserErasure> {
    const pseudonym = await chain.pseudonym(ownerId, userId);
    return new UserErasure(database, ownerId, userId, pseudonym, await chain.states.lastSeq());
  }

  /**
   * Rewrites the events so far, in many short transactions: there may be so many that other writes would wait for too
   * long. No index helps to find events of others that name the user, so they are searched piece by piece.
   */
  async eraseSoFar(): Promise<void> {
    const { database, ownerId, userId } = this;
    for (let changed = BATCH; changed === BATCH;)
      changed = await database.transact((transaction) => this.setUsers(transaction));
    const [range] = await database.all<{ first: number | string | null; last: number | string | null }>(
      RANGE,
      [],
    );
    const last = Number(range?.last ?? -1);
    for (let from = Number(range?.first ?? 0); from <= last; from += WINDOW)
      await this.eraseMentions(
        () => database.all<Mention>(IN_WINDOW, [ownerId, pattern(userId), from, from + WINDOW]),
        (batch) => database.transact((transaction) => this.setDetails(transaction, batch)),
      );
  }

  /** Rewrites what was written since. Call it after whatever could still write events of the user has been deleted. */
  async eraseRest(transaction: SqlTransaction): Promise<void> {
    for (let changed = BATCH; changed === BATCH;) changed = await this.setUsers(transaction);
    const values: SqlValue[] = [this.ownerId, pattern(this.userId)];
    await this.eraseMentions(
      async () => [
        ...(await transaction.all<Mention>(SEALED_SINCE, [...values, this.sealedTo])),
        ...(await transaction.all<Mention>(UNSEALED, values)),
      ],
      (batch) => this.setDetails(transaction, batch),
    );
  }

  /** @returns how many events, at most {@link BATCH} */
  private async setUsers(transaction: SqlTransaction): Promise<number> {
    return (await transaction.all(SET_USER, [this.ownerId, this.userId, this.pseudonym])).length;
  }

  /** Reads again after each rewriting, until no event names the user. */
  private async eraseMentions(
    read: () => Promise<readonly Mention[]>,
    write: (batch: readonly Rewritten[]) => Promise<void>,
  ): Promise<void> {
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      const rewritten = (await read()).flatMap(({ id, detail }): Rewritten[] => {
        const next = this.erased(detail);
        return next === null ? [] : [[Number(id), detail, next]];
      });
      if (rewritten.length === 0) return;
      for (let from = 0; from < rewritten.length; from += BATCH)
        await write(rewritten.slice(from, from + BATCH));
    }
    throw new StoreUnavailable('events that name the user cannot be rewritten');
  }

  private async setDetails(transaction: SqlTransaction, batch: readonly Rewritten[]): Promise<void> {
    await transaction.all(SET_DETAILS[this.database.kind], [JSON.stringify(batch)]);
  }

  /** @returns `null` if the detail does not name the user */
  private erased(text: string): string | null {
    const detail = detailOf(text);
    if (detail === null) return null;
    let isNamed = false;
    const erased = withUserIds(detail, (named) => {
      if (named !== this.userId) return named;
      isNamed = true;
      return this.pseudonym;
    });
    return isNamed ? JSON.stringify(erased) : null;
  }
}

type Rewritten = readonly [id: number, detail: string, next: string];

/** Matches the JSON text of the id; SQLite ignores case, so it may match more. */
const pattern = (userId: string) => `%${JSON.stringify(userId).replaceAll(/[!%_]/g, '!$&')}%`;
