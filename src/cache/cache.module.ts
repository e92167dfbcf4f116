import { CacheModule as NestCacheModule } from '@nestjs/cache-manager';
import { Global, Module } from '@nestjs/common';
import { Keyv } from 'keyv';
import { LocalTier } from './local-tier.js';
import { TieredCache } from './tiered-cache.js';

/** About 1 KiB each. */
const LOCAL_ENTRIES = 100_000;

function localTier(): Keyv {
  const tier = new Keyv({ store: new LocalTier(LOCAL_ENTRIES), useKeyPrefix: false });
  // Objects stay objects: what is kept is never changed, and copying it would be the dearest part of a hit.
  tier.serialize = undefined;
  tier.deserialize = undefined;
  return tier;
}

@Global()
@Module({
  imports: [NestCacheModule.registerAsync({ useFactory: () => ({ stores: [localTier()] }) })],
  providers: [TieredCache],
  exports: [TieredCache],
})
export class CacheModule {}
