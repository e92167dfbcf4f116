import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LRUCache } from 'lru-cache';
import type { Repository } from 'typeorm';
import { writeEvent } from '../../audit/audit-trail.js';
import { administrationEvent } from '../../audit/auth-event.js';
import { importedTokenHash } from '../../auth/refresh-token/refresh-token.js';
import { RefreshTokenMint } from '../../auth/refresh-token/refresh-token-mint.js';
import { type NewSession, NO_TERMS } from '../../auth/session/session.js';
import { importSession } from '../../auth/session/sql-session.store.js';
import { NONE_SUPERSEDED } from '../../auth/session/superseded-text.js';
import { Clock } from '../../config/clock.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import { Project } from '../../tenancy/project/project.entity.js';
import { User } from '../../tenancy/user/user.entity.js';
import { type Administrator, assertAdministers } from '../administrator.js';
import type { Item, Refused } from './import-item.js';
import { problemOf } from '../input.js';
import { type SessionInput, sessionSchema } from './session-input.js';

export interface SessionsImported {
  readonly imported: number;
  /** How many were already imported; these are unchanged. */
  readonly existing: number;
  readonly refused: readonly Refused[];
}

/**
 * Imports sessions of another service, so that no user has to sign in again: the refresh tokens keep working here. Only
 * the SHA-256 of a token is stored; its first use finds the session by that. Repeating an import changes nothing.
 */
@Injectable()
export class SessionImport {
  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    @InjectRepository(Project) private readonly projects: Repository<Project>,
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly mint: RefreshTokenMint,
  ) {}

  /** @throws ADMIN_PROJECT_UNKNOWN */
  async begin(administrator: Administrator, ownerId: string): Promise<SessionImportRun> {
    assertAdministers(administrator, ownerId);
    const project = await this.projects.findOneBy({ ownerId });
    if (project === null) throw errors.ADMIN_PROJECT_UNKNOWN();
    return new SessionImportRun(administrator, project, this.clock, this.database, this.users, this.mint);
  }

  /** Imports a short list in one transaction. */
  async import(
    administrator: Administrator,
    ownerId: string,
    items: readonly Item[],
  ): Promise<SessionsImported> {
    return (await this.begin(administrator, ownerId)).write(items);
  }
}

/** One import into one project, in batches. */
export class SessionImportRun {
  private readonly known = new LRUCache<string, { user: User | null }>({ max: 10_000 });

  constructor(
    private readonly administrator: Administrator,
    private readonly project: Project,
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    private readonly users: Repository<User>,
    private readonly mint: RefreshTokenMint,
  ) {}

  /** Writes the valid items of a batch in one transaction. */
  async write(items: readonly Item[]): Promise<SessionsImported> {
    const now = this.clock.now();
    const refused: Refused[] = [];
    const sessions: NewSession[] = [];
    for (const { line, input } of items) {
      const result = sessionSchema.safeParse(input);
      const judged = result.success
        ? await this.judge(result.data, now)
        : { reason: problemOf(result) ?? 'is not valid' };
      if ('reason' in judged) refused.push({ line, reason: judged.reason });
      else sessions.push(judged);
    }
    const imported = sessions.length === 0 ? 0 : await this.insert(sessions, now);
    return { imported, existing: sessions.length - imported, refused };
  }

  private async judge(input: SessionInput, now: number): Promise<NewSession | { reason: string }> {
    const user = await this.user(input);
    if (user === null) return { reason: 'the project has no such user' };
    if (user.status !== 'active') return { reason: 'the user is disabled' };
    const createdAt = input.createdAt ?? Math.max(now, user.validAfter);
    if (input.createdAt !== undefined && createdAt > now) return { reason: 'createdAt lies in the future' };
    if (createdAt < user.validAfter)
      return { reason: 'createdAt lies before the user was logged out everywhere' };
    const latest = createdAt + this.project.absoluteSeconds * 1000;
    const expiresAt = Math.min(input.expiresAt ?? latest, latest);
    if (expiresAt <= now) return { reason: 'the session has expired' };
    const { idleSeconds } = this.project;
    return {
      ...this.mint.newFamily(),
      ownerId: this.project.ownerId,
      userId: user.userId,
      clientId: input.clientId ?? user.clientId,
      importedTokenHash: input.refreshTokenSha256 ?? importedTokenHash(input.refreshToken ?? ''),
      generation: 0,
      branch: 0,
      tokenSeq: 1,
      rotatedAt: createdAt,
      createdAt,
      // The idle time starts now: when the token was last used is unknown.
      idleExpiresAt: idleSeconds === null ? null : Math.min(now + idleSeconds * 1000, expiresAt),
      expiresAt,
      superseded: NONE_SUPERSEDED,
      ip: input.ip ?? '',
      userAgent: input.userAgent ?? '',
      firstShareUserId: null,
      secondShareUserId: null,
      ...NO_TERMS,
    };
  }

  private async user({ userId, userName }: SessionInput): Promise<User | null> {
    const { ownerId } = this.project;
    const by = userId === undefined ? { ownerId, userName: userName ?? '' } : { ownerId, userId };
    const key = JSON.stringify(by);
    const known = this.known.get(key);
    if (known !== undefined) return known.user;
    const user = await this.users.findOneBy(by);
    this.known.set(key, { user });
    return user;
  }

  private insert(sessions: readonly NewSession[], now: number): Promise<number> {
    return this.database.transact(async (transaction) => {
      let imported = 0;
      for (const session of sessions) {
        if (!(await importSession(transaction, session))) continue;
        imported += 1;
        const { ownerId, userId, id: sessionId, clientId } = session;
        const subject = { ownerId, userId, sessionId };
        await writeEvent(
          transaction,
          administrationEvent('session-imported', this.administrator, subject, now, { clientId }),
        );
      }
      return imported;
    });
  }
}
