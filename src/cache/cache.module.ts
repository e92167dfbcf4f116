import { CacheModule as NestCacheModule } from '@nestjs/cache-manager';
import { Global, Module } from '@nestjs/common';
import { LocalTier } from './local-tier.js';
import { RedisLink } from './redis-link.js';
import { SharedCopies } from './shared-copies.js';
import { TieredCache } from './tiered-cache.js';

@Global()
@Module({ providers: [RedisLink, SharedCopies], exports: [RedisLink, SharedCopies] })
class RedisModule {}

@Global()
@Module({
  imports: [
    RedisModule,
    NestCacheModule.registerAsync({
      inject: [SharedCopies],
      useFactory: (shared: SharedCopies) => ({ stores: [shared.tier] }),
    }),
  ],
  providers: [LocalTier, TieredCache],
  exports: [TieredCache],
})
export class CacheModule {}
