import { CacheModule as NestCacheModule } from '@nestjs/cache-manager';
import { Global, Module } from '@nestjs/common';
import { Keyv } from 'keyv';
import { LocalTier } from './local-tier.js';
import { RedisLink } from './redis-link.js';
import { SharedCopies } from './shared-copies.js';
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
@Module({ providers: [RedisLink, SharedCopies], exports: [RedisLink, SharedCopies] })
class RedisModule {}

@Global()
@Module({
  imports: [
    RedisModule,
    NestCacheModule.registerAsync({
      inject: [RedisLink, SharedCopies],
      useFactory: (link: RedisLink, shared: SharedCopies) => ({
        stores: link.isConfigured ? [localTier(), shared.tier] : [localTier()],
      }),
    }),
  ],
  providers: [TieredCache],
  exports: [TieredCache],
})
export class CacheModule {}
