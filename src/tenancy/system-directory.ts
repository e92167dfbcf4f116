import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { TieredCache } from '../cache/tiered-cache.js';
import { STALENESS_MS } from './staleness.js';
import { System } from './system.entity.js';

/** Knows the systems of a project. */
@Injectable()
export class SystemDirectory {
  constructor(
    @InjectRepository(System) private readonly systems: Repository<System>,
    private readonly cache: TieredCache,
  ) {}

  async has(ownerId: string, sysId: string): Promise<boolean> {
    const read = await this.cache.read(systemKey(ownerId, sysId), STALENESS_MS, () =>
      this.systems.findOneBy({ ownerId, sysId }),
    );
    return read !== null;
  }

  /** To be called after a system was removed. */
  forget(ownerId: string, sysId: string): Promise<void> {
    return this.cache.drop(systemKey(ownerId, sysId));
  }
}

/** The tenant's characters exclude `/`. */
function systemKey(ownerId: string, sysId: string): string {
  return `${ownerId}/system/${sysId}`;
}
