import { Module } from '@nestjs/common';
import { ReplayMemory } from './replay-memory.js';
import { RequestRate } from './request-rate.js';
import { SharedReplays } from './shared-replays.js';

/** What the guards of every request count and remember: the command line, which has no requests, does without. */
@Module({
  providers: [RequestRate, SharedReplays, { provide: ReplayMemory, useFactory: () => new ReplayMemory() }],
  exports: [RequestRate, SharedReplays],
})
export class RequestGuardModule {}
