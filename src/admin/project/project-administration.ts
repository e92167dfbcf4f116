import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, type Repository } from 'typeorm';
import { writeEvent } from '../../audit/audit-trail.js';
import { administrationEvent, type AuthEvent } from '../../audit/auth-event.js';
import { lastTokenEnds } from '../../auth/last-token.js';
import { KeyRings } from '../../auth/access-token/key-rings.js';
import { SIGNING_ALGORITHMS } from '../../auth/access-token/signing-algorithm.js';
import { SigningKeys } from '../../auth/access-token/signing-keys.js';
import { Clock } from '../../config/clock.js';
import { type EntityRow, EntityTable } from '../../database/entity-table.js';
import { holdRow } from '../../database/hold-row.js';
import { SqlDatabase } from '../../database/sql-database.js';
import { errors } from '../../response/error/error-catalogue.js';
import { ProjectDirectory } from '../../tenancy/project/project-directory.js';
import { verificationProfile } from '../../tenancy/project/tenant-project.js';
import { VerifyKeySeal } from '../../tenancy/project/verify-key-seal.js';
import { Project } from '../../tenancy/project/project.entity.js';
import { type Administrator, assertAdministers, assertPlatform } from '../administrator.js';
import { type Page, pageOf, type PageRequest, startOf } from '../../response/page.js';
import {
  DEFAULTS,
  type KeyChange,
  NEW_CIPHER,
  type NewProject,
  type ProjectChange,
} from './project-input.js';
import { projectView, type ProjectView, projectViewWithKey } from './project-view.js';
import { assertSound, verifyKeyOf } from './verify-key.js';

/** Creates and changes projects. A change is validated with the unchanged settings, audited, and drops cached copies. */
@Injectable()
export class ProjectAdministration {
  private readonly rows: EntityTable<Project>;

  constructor(
    private readonly clock: Clock,
    private readonly database: SqlDatabase,
    @InjectRepository(Project) private readonly projects: Repository<Project>,
    private readonly directory: ProjectDirectory,
    private readonly seal: VerifyKeySeal,
    private readonly signingKeys: SigningKeys,
    private readonly rings: KeyRings,
  ) {
    this.rows = new EntityTable(projects, database);
  }

  /** A developer's list holds only the developer's own project. */
  async list(administrator: Administrator, page: PageRequest): Promise<Page<ProjectView>> {
    const after = startOf('projects', page);
    const rows = await this.projects.find({
      where: {
        ...(administrator.ownerId !== null && { ownerId: administrator.ownerId }),
        ...(after !== null && administrator.ownerId === null && { ownerId: MoreThan(after) }),
      },
      order: { ownerId: 'ASC' },
      take: page.limit + 1,
    });
    const now = this.clock.now();
    return pageOf(
      'projects',
      rows,
      page.limit,
      ({ ownerId }) => ownerId,
      (row) => projectView(row, now),
    );
  }

  /** @throws ADMIN_PROJECT_UNKNOWN */
  async show(administrator: Administrator, ownerId: string): Promise<ProjectView> {
    assertAdministers(administrator, ownerId);
    return projectView(await this.find(ownerId), this.clock.now());
  }

  /** @returns the project with its key, which is shown only this once; @throws PROJECT_EXISTS, PARAMETER_INVALID */
  async add(administrator: Administrator, input: NewProject): Promise<ProjectView> {
    assertPlatform(administrator);
    const { verifyCipher, verifyKey, verifyIv, signing, ...settings } = input;
    const key = verifyKeyOf({ verifyCipher, verifyKey, verifyIv }, NEW_CIPHER);
    const now = this.clock.now();
    const project: Project = {
      ...DEFAULTS,
      // A caller that names a cipher has existing clients, whose values may contain no stamp.
      verifyStampRequired: verifyCipher === undefined,
      ...settings,
      status: 'active',
      passwordDecoys: null,
      verifyCipher: key.cipher,
      verifyKey: this.seal.seal(input.ownerId, key.key),
      verifyIv: key.iv,
      createdAt: now,
    };
    this.assertCoherent(project);
    const algorithm = SIGNING_ALGORITHMS.find((known) => known.toLowerCase() === signing);
    const writeSigningKey = algorithm === undefined ? null : await this.signingKeys.first(project, algorithm);
    const added = await this.database.transact(async (transaction) => {
      if (!(await this.rows.insert(transaction, project))) return false;
      await writeSigningKey?.(transaction);
      const detail = {
        cipher: key.cipher,
        refreshPolicy: project.refreshPolicy,
        ...(algorithm !== undefined && { algorithm }),
      };
      await writeEvent(
        transaction,
        administrationEvent('project-added', administrator, project, now, detail),
      );
      return true;
    });
    if (!added) throw errors.PROJECT_EXISTS();
    if (algorithm !== undefined) this.rings.forget();
    await this.directory.forget(project.ownerId);
    return projectViewWithKey(project, key.key, now);
  }

  /** @throws ADMIN_PROJECT_UNKNOWN, PARAMETER_INVALID */
  async change(administrator: Administrator, ownerId: string, changes: ProjectChange): Promise<ProjectView> {
    assertAdministers(administrator, ownerId);
    const now = this.clock.now();
    const project = await this.rewrite(
      ownerId,
      (before) => ({
        ...before,
        ...changes,
        formerTokensUntil: formerTokensUntil(before, changes, now),
        formerAudience: formerAudience(before, changes),
      }),
      (before, after) =>
        administrationEvent('project-changed', administrator, { ownerId }, now, differences(before, after)),
    );
    return projectView(project, now);
  }

  /**
   * All calls of a disabled project are refused. Its sessions are kept and work again when it is enabled.
   *
   * @throws ADMIN_PROJECT_UNKNOWN
   */
  async setStatus(
    administrator: Administrator,
    ownerId: string,
    status: Project['status'],
  ): Promise<ProjectView> {
    assertPlatform(administrator);
    const now = this.clock.now();
    const kind = status === 'active' ? 'project-enabled' : 'project-disabled';
    const project = await this.rewrite(
      ownerId,
      (before) => ({ ...before, status }),
      () => administrationEvent(kind, administrator, { ownerId }, now),
    );
    return projectView(project, now);
  }

  /**
   * Replaces the verify key and optionally the cipher. The former key stays valid for `overlapSeconds`.
   *
   * @returns the project with its key, which is shown only this once; @throws ADMIN_PROJECT_UNKNOWN, PARAMETER_INVALID
   */
  async changeKey(administrator: Administrator, ownerId: string, input: KeyChange): Promise<ProjectView> {
    assertAdministers(administrator, ownerId);
    const now = this.clock.now();
    const overlaps = input.overlapSeconds > 0;
    const project = await this.rewrite(
      ownerId,
      (before) => {
        const { cipher, key, iv } = verifyKeyOf(input, before.verifyCipher);
        return {
          ...before,
          verifyCipher: cipher,
          verifyKey: this.seal.seal(ownerId, key),
          verifyIv: iv,
          verifyPadding: input.verifyPadding ?? before.verifyPadding,
          verifyPreviousCipher: overlaps ? before.verifyCipher : null,
          verifyPreviousKey: overlaps ? before.verifyKey : null,
          verifyPreviousIv: overlaps ? before.verifyIv : null,
          verifyPreviousPadding: overlaps ? before.verifyPadding : null,
          verifyPreviousUntil: overlaps ? now + input.overlapSeconds * 1000 : null,
        };
      },
      (before, after) =>
        administrationEvent('verify-key-changed', administrator, { ownerId }, now, {
          cipher: `${before.verifyCipher} → ${after.verifyCipher}`,
          overlapSeconds: input.overlapSeconds,
        }),
    );
    return projectViewWithKey(project, this.seal.open(ownerId, project.verifyKey), now);
  }

  private async find(ownerId: string): Promise<Project> {
    const project = await this.projects.findOneBy({ ownerId });
    if (project === null) throw errors.ADMIN_PROJECT_UNKNOWN();
    return project;
  }

  /** Reads, changes, validates and writes the row under a lock. */
  private async rewrite(
    ownerId: string,
    changed: (before: Project) => Project,
    event: (before: Project, after: Project) => AuthEvent,
  ): Promise<Project> {
    const project = await this.database.transact(async (transaction) => {
      const held = await holdRow<EntityRow>(transaction, 'bo_project', { owner_id: ownerId });
      if (held === null) return null;
      const before = this.rows.entityOf(held);
      const after = changed(before);
      this.assertCoherent(after);
      await this.rows.update(transaction, after);
      await writeEvent(transaction, event(before, after));
      return after;
    });
    if (project === null) throw errors.ADMIN_PROJECT_UNKNOWN();
    await this.directory.forget(ownerId);
    return project;
  }

  /** The rules that involve several fields. @throws PARAMETER_INVALID */
  private assertCoherent(project: Project): void {
    assertSound(verificationProfile(project, this.seal));
    if (project.idleSeconds !== null && project.idleSeconds > project.absoluteSeconds)
      throw errors.PARAMETER_INVALID({
        field: 'idleSeconds',
        text: 'idleSeconds must not be more than absoluteSeconds',
      });
    if (project.accessTokenSeconds > project.absoluteSeconds)
      throw errors.PARAMETER_INVALID({
        field: 'accessTokenSeconds',
        text: 'accessTokenSeconds must not be more than absoluteSeconds',
      });
  }
}

/** The feed of ended sessions must keep an entry until the last token of a session has expired. */
function formerTokensUntil(
  before: Project,
  { accessTokenSeconds }: ProjectChange,
  now: number,
): number | null {
  const until = before.formerTokensUntil ?? null;
  if (accessTokenSeconds === undefined || accessTokenSeconds >= before.accessTokenSeconds) return until;
  return Math.max(until ?? 0, lastTokenEnds(now, before.accessTokenSeconds));
}

/** The changed settings as `before → after`. {@link ProjectChange} has no keys, so none appear here. */
function differences(before: Project, after: Project): Record<string, string> {
  const names = ['name', ...Object.keys(DEFAULTS)] as (keyof ProjectChange & keyof Project)[];
  return Object.fromEntries(
    names
      .filter((name) => before[name] !== after[name])
      .map((name) => [name, `${String(before[name])} → ${String(after[name])}`]),
  );
}

/** Tokens with the audience before this change are still out. */
function formerAudience(before: Project, { audience }: ProjectChange): string | null {
  const isChanged = audience !== undefined && audience !== before.audience;
  return isChanged ? before.audience : (before.formerAudience ?? null);
}
