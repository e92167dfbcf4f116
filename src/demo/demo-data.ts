import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { importedTokenHash } from '../auth/refresh-token/refresh-token.js';
import { RefreshTokenMint } from '../auth/refresh-token/refresh-token-mint.js';
import { Passwords } from '../auth/login/password.js';
import { SessionStore, UNLIMITED } from '../auth/session/session.store.js';
import { NONE_SUPERSEDED } from '../auth/session/superseded-text.js';
import { Clock } from '../config/clock.js';
import { SqlDatabase } from '../database/sql-database.js';
import { Area } from '../tenancy/area/area.entity.js';
import { Project } from '../tenancy/project/project.entity.js';
import { System } from '../tenancy/system/system.entity.js';
import { User } from '../tenancy/user/user.entity.js';
import { AREAS, PROJECTS, SEED_SESSION, SYSTEMS, USERS } from './demo-rows.js';

const DAY_MS = 86_400_000;

/**
 * Writes the demo data into an empty database: the projects, users and areas of the documentation, and the session of
 * its sample refresh token. Development only.
 */
@Injectable()
export class DemoData implements OnApplicationBootstrap {
  private readonly logger = new Logger(DemoData.name);

  constructor(
    private readonly clock: Clock,
    private readonly dataSource: DataSource,
    private readonly database: SqlDatabase,
    private readonly passwords: Passwords,
    private readonly mint: RefreshTokenMint,
    private readonly sessions: SessionStore,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    return this.database.alone(async () => {
      if ((await this.dataSource.getRepository(Project).count()) === 0) await this.fill();
      await this.renewSeedSession();
    });
  }

  private async fill(): Promise<void> {
    const createdAt = this.clock.now();
    const users = await Promise.all(
      USERS.map(async ({ password, ...user }) => ({
        ...user,
        passwordHash: await this.passwords.hash(password, { ownerId: user.ownerId, network: '' }),
        createdAt,
      })),
    );
    // One transaction: if the process is killed here, the next start must still find an empty database.
    await this.dataSource.transaction(async (manager) => {
      await manager.insert(Area, [...AREAS]);
      await manager.insert(System, [...SYSTEMS]);
      await manager.insert(User, users);
      await manager.insert(
        Project,
        PROJECTS.map((project) => ({ ...project, createdAt })),
      );
    });
    this.logger.log('demo data written: projects ptdev and acme');
  }

  /** Recreates the sample session, so that its token works after every start. */
  private async renewSeedSession(): Promise<void> {
    const now = this.clock.now();
    const { id, ownerId, userId, clientId, refreshToken } = SEED_SESSION;
    const [user] = await this.database.all<{ valid_after: number | string }>(
      'SELECT valid_after FROM bo_user WHERE owner_id = $1 AND user_id = $2',
      [ownerId, userId],
    );
    if (user === undefined) return;
    const createdAt = Math.max(now, Number(user.valid_after));
    await this.database.transact((transaction) =>
      transaction.all('DELETE FROM bo_auth_session WHERE id = $1', [id]),
    );
    await this.sessions.open(
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
      },
      UNLIMITED,
      { kind: 'login', at: createdAt, ownerId, userId, sessionId: id, detail: { demo: 1 } },
    );
  }
}
