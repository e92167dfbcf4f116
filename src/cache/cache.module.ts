import { CacheModule as NestCacheModule } from '@nestjs/cache-manager';
import { Global, Module } from '@nestjs/common';
import { ChangeLog } from './change-log.js';
import { LocalTier } from './local-tier.js';
import { RedisLink } from './redis-link.js';
import { RedisTier } from './redis-tier.js';
import { TieredCache } from './tiered-cache.js';

@Global()
@Module({ providers: [RedisLink, RedisTier], exports: [RedisLink, RedisTier] })
class RedisModule {}

@Global()
@Module({
  imports: [
    RedisModule,
    NestCacheModule.registerAsync({
      inject: [RedisTier],
      useFactory: ({ keyv }: RedisTier) => ({ stores: [keyv] }),
    }),
  ],
  providers: [LocalTier, ChangeLog, TieredCache],
  exports: [TieredCache, ChangeLog],
})
export class CacheModule {}
