import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { TieredCache } from '../cache/tiered-cache.js';
import { Project } from './project.entity.js';
import { STALENESS_MS } from './staleness.js';
import type { TenantProject } from './tenant.js';
import { TimeZone } from './time-zone.js';
import { prepareProfile, type VerificationProfile } from './verification-profile.js';

/** Finds projects by their `XownerId`. */
@Injectable()
export class ProjectDirectory {
  /** What was made of a row, for as long as it is the same row. */
  private readonly prepared = new WeakMap<Project, TenantProject>();

  constructor(
    @InjectRepository(Project) private readonly projects: Repository<Project>,
    private readonly cache: TieredCache,
  ) {}

  /** @returns the project, disabled ones too, or `null` */
  async find(ownerId: string): Promise<TenantProject | null> {
    const read = await this.cache.read(projectKey(ownerId), STALENESS_MS, () =>
      this.projects.findOneBy({ ownerId }),
    );
    return read === null ? null : this.prepare(read.value);
  }

  /** To be called after a project was changed. */
  forget(ownerId: string): Promise<void> {
    return this.cache.drop(projectKey(ownerId));
  }

  private prepare(row: Project): TenantProject {
    const known = this.prepared.get(row);
    if (known !== undefined) return known;
    const project: TenantProject = {
      ...row,
      zone: TimeZone.of(row.timeZone),
      verification: prepareProfile(verificationProfile(row)),
      previousVerification: previousVerification(row),
    };
    this.prepared.set(row, project);
    return project;
  }
}

export function projectKey(ownerId: string): string {
  return `${ownerId}/project`;
}

/** How the callers of the project make their `XverifyApi`. */
export function verificationProfile(row: Project): VerificationProfile {
  return {
    cipher: row.verifyCipher,
    key: row.verifyKey,
    iv: row.verifyIv,
    encoding: row.verifyEncoding,
    skewSeconds: row.verifySkewSeconds,
    stampRequired: row.verifyStampRequired,
    timeZone: row.timeZone,
  };
}

function previousVerification(row: Project): TenantProject['previousVerification'] {
  const { verifyPreviousCipher: cipher, verifyPreviousKey: key, verifyPreviousUntil: until } = row;
  if (!cipher || !key || !until) return null;
  const iv = row.verifyPreviousIv ?? null;
  return { profile: prepareProfile({ ...verificationProfile(row), cipher, key, iv }), until };
}
