import type { SqlDatabase, SqlTransaction, SqlValue } from '../database/sql-database.js';
import { detailOf } from './audit-trail.js';
import type { EventChain } from './event-chain.js';
import { withUserIds } from './user-id-fields.js';

/** How many ids one read looks at. */
const WINDOW = 20_000;
/** How many events one statement rewrites. */
const BATCH = 500;

const RANGE = 'SELECT min(id) AS first, max(id) AS last FROM bo_auth_event';

/** The events of project $1 whose detail is like $2. */
const MENTIONS = `SELECT id FROM bo_auth_event WHERE detail LIKE $2 ESCAPE '!'`;
const IN_WINDOW = `${MENTIONS} AND owner_id = $1 AND id >= $3 AND id < $4`;
/** As an expression, `owner_id` keeps SQLite from reading all events of the project by its index. */
const SEALED_SINCE = `${MENTIONS} AND owner_id || '' = $1 AND chain_seq > $3`;
const UNSEALED = `${MENTIONS} AND owner_id || '' = $1 AND chain_seq IS NULL`;

/** Locks the row as it reads it: another user may be erased from it at the same time. */
const HOLD_DETAIL = 'UPDATE bo_auth_event SET detail = detail WHERE id = $1 RETURNING detail';
const SET_DETAIL = 'UPDATE bo_auth_event SET detail = $2 WHERE id = $1';

const SET_USER = `
  UPDATE bo_auth_event SET user_id = $3 WHERE id IN (
    SELECT id FROM bo_auth_event WHERE owner_id = $1 AND user_id = $2 LIMIT ${BATCH}
  ) RETURNING id`;

interface EventId {
  readonly id: number | string;
}

/** Replaces a user in the audit trail by a pseudonym. */
export class UserErasure {
  private constructor(
    private readonly ownerId: string,
    private readonly userId: string,
    /** What stands in the trail from now on. */
    readonly pseudonym: string,
    /** Events of others that name the user, among those sealed up to place `sealedTo`. */
    private readonly mentions: readonly EventId[],
    private readonly sealedTo: number,
  ) {}

  /**
   * Searches the trail for events of others that name the user. No index helps, so this is done outside the transaction,
   * piece by piece; sealed events do not change.
   *
   * @throws ChainUnusable
   */
  static async prepare(
    database: SqlDatabase,
    chain: EventChain,
    ownerId: string,
    userId: string,
  ): Promise<UserErasure> {
    const pseudonym = await chain.pseudonym(ownerId, userId);
    const sealedTo = await chain.states.lastSeq();
    const [range] = await database.all<{ first: number | string | null; last: number | string | null }>(
      RANGE,
      [],
    );
    const mentions: EventId[] = [];
    const last = Number(range?.last ?? -1);
    for (let from = Number(range?.first ?? 0); from <= last; from += WINDOW)
      mentions.push(
        ...(await database.all<EventId>(IN_WINDOW, [ownerId, pattern(userId), from, from + WINDOW])),
      );
    return new UserErasure(ownerId, userId, pseudonym, mentions, sealedTo);
  }

  /** Call it after whatever could still write events of the user has been deleted. */
  async erase(transaction: SqlTransaction): Promise<void> {
    const { ownerId, userId, pseudonym } = this;
    for (let changed = BATCH; changed === BATCH;)
      changed = (await transaction.all(SET_USER, [ownerId, userId, pseudonym])).length;
    const values: SqlValue[] = [ownerId, pattern(userId)];
    const newer = [
      ...(await transaction.all<EventId>(SEALED_SINCE, [...values, this.sealedTo])),
      ...(await transaction.all<EventId>(UNSEALED, values)),
    ];
    for (const { id } of [...this.mentions, ...newer]) {
      const [held] = await transaction.all<{ detail: string }>(HOLD_DETAIL, [Number(id)]);
      if (held !== undefined) await transaction.all(SET_DETAIL, [Number(id), this.erased(held.detail)]);
    }
  }

  private erased(text: string): string {
    const detail = detailOf(text);
    if (detail === null) return text;
    return JSON.stringify(withUserIds(detail, (named) => (named === this.userId ? this.pseudonym : named)));
  }
}

/** Matches the JSON text of the id; SQLite ignores case, so it may match more. */
const pattern = (userId: string) => `%${JSON.stringify(userId).replaceAll(/[!%_]/g, '!$&')}%`;
