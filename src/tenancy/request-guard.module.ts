import { Module } from '@nestjs/common';
import { ReplayMemory } from './verification/replay-memory.js';
import { RequestRate } from './rate-limit/request-rate.js';
import { SharedReplays } from './verification/shared-replays.js';

/** What the guards of every request count and remember: the command line, which has no requests, does without. */
@Module({
  providers: [RequestRate, SharedReplays, { provide: ReplayMemory, useFactory: () => new ReplayMemory() }],
  exports: [RequestRate, SharedReplays],
})
export class RequestGuardModule {}
