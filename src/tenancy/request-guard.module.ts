import { Module } from '@nestjs/common';
import { ReplayMemory } from './verification/replay-memory.js';
import { RequestRate } from './rate-limit/request-rate.js';
import { RequestUse } from './verification/request-use.js';
import { SharedReplays } from './verification/shared-replays.js';

/** State of the request guards. A separate module so that the command line, which serves no requests, can omit it. */
@Module({
  providers: [
    RequestRate,
    RequestUse,
    SharedReplays,
    { provide: ReplayMemory, useFactory: () => new ReplayMemory() },
  ],
  exports: [RequestRate, RequestUse, SharedReplays],
})
export class RequestGuardModule {}
