import { Injectable, Logger } from '@nestjs/common';
import { writeEvent } from '../../audit/audit-trail.js';
import { administrationEvent } from '../../audit/auth-event.js';
import { EventChain } from '../../audit/event-chain.js';
import { UserErasure } from '../../audit/user-erasure.js';
import { LockOut } from '../../auth/lock-out/lock-out.js';
import { Sessions } from '../../auth/session/sessions.js';
import { Clock } from '../../config/clock.js';
import { holdRow } from '../../database/hold-row.js';
import { SqlDatabase, type SqlTransaction } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { type Administrator, assertAdministers } from '../administrator.js';
import { isDeveloper, isLastDeveloper } from './last-developer.js';
import { deleteUserRows } from './user-rows.js';

type Outcome =
  | { readonly kind: 'deleted'; readonly sessions: readonly string[] }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'last-developer' };

/** Deletes a user with all that belongs to them, and leaves a pseudonym in the audit trail. */
@Injectable()
export class UserDeletion {
  private readonly logger = new Logger(UserDeletion.name);

  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    private readonly chain: EventChain,
    private readonly directory: UserDirectory,
    private readonly sessions: Sessions,
    private readonly lockOut: LockOut,
  ) {}

  /**
   * All in one transaction, but for the events so far: they get the pseudonym before it. If the deletion then fails, the
   * user still exists, and a repeated deletion completes it. Afterwards tokens of the user are unknown.
   *
   * @returns how many sessions were deleted; @throws USER_UNKNOWN, LAST_DEVELOPER, ChainUnusable
   */
  async delete(administrator: Administrator, ownerId: string, userId: string): Promise<{ ended: number }> {
    assertAdministers(administrator, ownerId);
    const user = await this.directory.findCommitted(ownerId, userId);
    if (user === null) throw errors.USER_UNKNOWN();
    // Before anything is rewritten; what counts is the same check in the transaction.
    if (await this.database.transact((transaction) => mustStay(transaction, administrator, user)))
      throw errors.LAST_DEVELOPER();
    const erasure = await UserErasure.begin(this.database, this.chain, ownerId, userId);
    await erasure.eraseSoFar();
    const outcome = await this.database.transact((transaction) =>
      this.deleteIn(transaction, administrator, { ownerId, userId }, erasure),
    );
    if (outcome.kind === 'unknown') throw errors.USER_UNKNOWN();
    if (outcome.kind === 'last-developer') throw errors.LAST_DEVELOPER();
    await this.directory.forget(ownerId, userId);
    await this.sessions.forget(ownerId, ...outcome.sessions);
    // In Redis, too. The user is deleted whether it answers or not.
    try {
      await this.lockOut.unlock(user);
    } catch (error) {
      this.logger.warn(
        `the failed logins of the deleted user ${erasure.pseudonym} were not forgotten`,
        error,
      );
    }
    return { ended: outcome.sessions.length };
  }

  private async deleteIn(
    transaction: SqlTransaction,
    administrator: Administrator,
    { ownerId, userId }: Pick<User, 'ownerId' | 'userId'>,
    erasure: UserErasure,
  ): Promise<Outcome> {
    // A login locks the same row before it opens its session, so there is none that we do not see.
    const held = await holdRow<Pick<User, 'developer' | 'status'>>(transaction, 'bo_user', {
      owner_id: ownerId,
      user_id: userId,
    });
    if (held === null) return { kind: 'unknown' };
    if (await mustStay(transaction, administrator, { ...held, ownerId, userId }))
      return { kind: 'last-developer' };
    const now = this.clock.now();
    const sessions = await deleteUserRows(transaction, ownerId, userId, now);
    const { pseudonym } = erasure;
    await writeEvent(
      transaction,
      administrationEvent('user-deleted', administrator, { ownerId, userId: pseudonym }, now, {
        ended: sessions.length,
      }),
    );
    // Last: the events so far may name the user, that of the deletion by the user itself too.
    await erasure.eraseRest(transaction);
    return { kind: 'deleted', sessions };
  }
}

async function mustStay(
  transaction: SqlTransaction,
  administrator: Administrator,
  user: Pick<User, 'ownerId' | 'userId' | 'developer' | 'status'>,
): Promise<boolean> {
  return (
    administrator.kind === 'developer' && isDeveloper(user) && (await isLastDeveloper(transaction, user))
  );
}
