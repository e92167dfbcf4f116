import { Injectable } from '@nestjs/common';
import { importedTokenHash } from '../auth/refresh-token/refresh-token.js';
import { RefreshTokenMint } from '../auth/refresh-token/refresh-token-mint.js';
import { NO_TERMS } from '../auth/session/session.js';
import { SessionStore, UNLIMITED } from '../auth/session/session.store.js';
import { NONE_SUPERSEDED } from '../auth/session/superseded-text.js';
import { Clock } from '../config/clock.js';
import { SqlDatabase } from '../database/sql-database.js';
import { SEED_SESSION } from './demo-rows.js';

const DAY_MS = 86_400_000;

/** The session of the documentation's sample refresh token. Development only. */
@Injectable()
export class SeedSession {
  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    private readonly mint: RefreshTokenMint,
    private readonly sessions: SessionStore,
  ) {}

  /**
   * Creates the session anew, so that its token works, whatever happened to it.
   *
   * @returns `false` if its user does not exist or is disabled
   */
  async renew(): Promise<boolean> {
    const now = this.clock.now();
    const { id, ownerId, userId, clientId, refreshToken } = SEED_SESSION;
    const [user] = await this.database.all<{ valid_after: number | string }>(
      'SELECT valid_after FROM bo_user WHERE owner_id = $1 AND user_id = $2',
      [ownerId, userId],
    );
    if (user === undefined) return false;
    const createdAt = Math.max(now, Number(user.valid_after));
    await this.database.transact((transaction) =>
      transaction.all('DELETE FROM bo_auth_session WHERE id = $1', [id]),
    );
    const opened = await this.sessions.open(
      {
        ...this.mint.newFamily(),
        id,
        ownerId,
        userId,
        clientId,
        importedTokenHash: importedTokenHash(refreshToken),
        generation: 0,
        branch: 0,
        tokenSeq: 1,
        rotatedAt: createdAt,
        createdAt,
        idleExpiresAt: null,
        expiresAt: createdAt + 14 * DAY_MS,
        superseded: NONE_SUPERSEDED,
        ip: '127.0.0.1',
        userAgent: 'demo',
        firstShareUserId: null,
        secondShareUserId: null,
        ...NO_TERMS,
      },
      UNLIMITED,
      { kind: 'login', at: createdAt, ownerId, userId, sessionId: id, detail: { demo: 1 } },
    );
    return opened.kind === 'opened';
  }
}
