import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { StartError } from '../config/start-error.js';
import { DemoRemains, type DemoRow } from './demo-remains.js';

/** Refuses a production start on a database that a development start has filled: its passwords are published. */
@Injectable()
export class DemoGuard implements OnApplicationBootstrap {
  constructor(private readonly remains: DemoRemains) {}

  async onApplicationBootstrap(): Promise<void> {
    const rows = await this.remains.find();
    if (rows.length > 0)
      throw new StartError(
        `DATABASE_URL: the database holds published demo data (${rows.map(named).join(', ')}): run bo-auth demo remove`,
      );
  }
}

export function named({ kind, ownerId, userId }: DemoRow): string {
  if (kind === 'project') return `project ${ownerId}`;
  return `${kind === 'user' ? 'user' : 'session of'} ${ownerId}/${userId}`;
}
