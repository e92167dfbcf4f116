import { Injectable } from '@nestjs/common';
import { writeEvent } from '../../audit/audit-trail.js';
import { sessionEvent } from '../../audit/auth-event.js';
import { Clock } from '../../config/clock.js';
import { SqlDatabase, type SqlTransaction } from '../../database/sql-database.js';
import { clientNetwork } from '../../network/client-address.js';
import type { Prepared } from '../../response/prepared.js';
import type { Tenant } from '../../tenancy/tenant.js';
import type { User } from '../../tenancy/user/user.entity.js';
import { UserDirectory } from '../../tenancy/user/user-directory.js';
import type { Client } from '../client.js';
import { Authentication } from '../login/authentication.js';
import type { LoginRequest } from '../login/login.js';
import { SessionOpening } from '../login/session-opening.js';
import type { HashFor } from '../password/hash-queue.js';
import { formerHashes, rememberHash } from '../password/password-history.js';
import { assertStrong, tooWeak } from '../password/password-rules.js';
import { Passwords } from '../password/passwords.js';
import type { SessionTerms } from '../session/session.js';
import { UNLIMITED } from '../session/session.store.js';
import { Sessions } from '../session/sessions.js';
import { endAliveSessions } from '../session/session-endings.js';
import type { Granted } from '../token-grant.js';

export interface PasswordChangeRequest extends LoginRequest {
  readonly newPassword: string;
}

/** Changes a user's own password. It takes the password, not a session: the present one may have become too old. */
@Injectable()
export class PasswordChange {
  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    private readonly authentication: Authentication,
    private readonly passwords: Passwords,
    private readonly users: UserDirectory,
    private readonly opening: SessionOpening,
    private readonly sessions: Sessions,
  ) {}

  /**
   * One transaction sets the password, ends all sessions of the user and opens a new one.
   *
   * @throws what {@link Authentication.authenticate} throws; PASSWORD_TOO_WEAK
   */
  async change(
    tenant: Tenant,
    request: PasswordChangeRequest,
    client: Client,
    signal: AbortSignal,
    terms: Partial<SessionTerms> = {},
  ): Promise<Prepared<Granted>> {
    const { user, code, noteNetwork } = await this.authentication.authenticate(
      tenant,
      request,
      client,
      signal,
    );
    const { ownerId, userId } = user;
    const { password, newPassword, clientId } = request;
    const history = tenant.project.passwordHistory ?? 0;
    const whom = { ownerId, network: clientNetwork(client.ip), signal };
    if (newPassword === password) throw tooWeak('The new password must differ from the present one.');
    await assertStrong(newPassword, tenant.project, user);
    await this.assertNew(newPassword, user, history, whom);
    const passwordHash = await this.passwords.hash(newPassword, whom);
    // The history includes the present password. A hash of another system is not kept: it may be a weak one.
    const former =
      history > 1 ? ((await this.passwords.renew(user, password, whom)) ?? user.passwordHash) : null;
    const now = this.clock.now();
    let ended: readonly string[] = [];
    const alongside = async (transaction: SqlTransaction): Promise<boolean> => {
      if (code !== null && !(await code(transaction))) return false;
      await this.users.setPassword(transaction, user, passwordHash, now);
      if (former !== null) await rememberHash(transaction, user, former, now, history - 1);
      ended = await endAliveSessions(transaction, user, 'password-changed', now);
      const subject = { ownerId, userId, id: null };
      await writeEvent(
        transaction,
        sessionEvent('password-changed', client, subject, now, { ended: ended.length }),
      );
      return true;
    };
    // All other sessions end, so the limits of the project cannot be exceeded.
    const prepared = await this.opening.prepare(tenant, user, clientId, client, {
      alongside,
      limits: UNLIMITED,
      ...terms,
    });
    return prepared.andThen(async () => {
      await this.users.forget(ownerId, userId);
      await this.sessions.forget(ownerId, ...ended);
      await noteNetwork();
    });
  }

  private async assertNew(newPassword: string, user: User, history: number, whom: HashFor): Promise<void> {
    for (const hash of await formerHashes(this.database, user, history - 1))
      if (await this.passwords.isHashOf(hash, newPassword, whom))
        throw tooWeak(`The new password must differ from the last ${history} passwords.`);
  }
}
