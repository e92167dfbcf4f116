import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { AdminModule } from './admin/admin.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { CacheModule } from './cache/cache.module.js';
import type { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { CorsModule } from './cors/cors.module.js';
import { DatabaseModule } from './database/database.module.js';
import { DemoGuardModule, DemoModule } from './demo/demo.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { OAuthModule } from './oauth/oauth.module.js';
import { PluginsModule } from './plugins/plugins.module.js';
import { EnvelopeInterceptor } from './response/envelope/envelope.interceptor.js';
import { ErrorFilter } from './response/error/error.filter.js';
import { PluginInterceptor } from './response/plugin.interceptor.js';
import { ResponseModule } from './response/response.module.js';
import { ValidationPipe } from './response/validation.pipe.js';
import { RateLimitGuard } from './tenancy/rate-limit/rate-limit.guard.js';
import { RequestGuardModule } from './tenancy/request-guard.module.js';
import { TenancyModule } from './tenancy/tenancy.module.js';
import { TenantHeadersGuard } from './tenancy/tenant-headers.guard.js';

/**
 * What every request passes after Fastify's hooks (`http/request-hooks.ts`), in this order: the guards, the interceptors
 * from the outermost inwards, the pipe, the handler, the interceptors back outwards. The filter answers every exception.
 */
const GLOBAL = [
  RateLimitGuard,
  { provide: APP_GUARD, useExisting: RateLimitGuard },
  { provide: APP_GUARD, useClass: TenantHeadersGuard },
  { provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor },
  { provide: APP_INTERCEPTOR, useClass: PluginInterceptor },
  { provide: APP_PIPE, useClass: ValidationPipe },
  ErrorFilter,
  { provide: APP_FILTER, useExisting: ErrorFilter },
];

@Module({})
export class AppModule {
  static of(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.of(config),
        DatabaseModule,
        CacheModule,
        PluginsModule,
        ResponseModule,
        TenancyModule,
        RequestGuardModule,
        CorsModule,
        AuditModule,
        AuthModule,
        OAuthModule,
        AdminModule,
        HealthModule,
        MetricsModule.of(config),
        ...(config.isPrepared ? [] : [config.environment === 'development' ? DemoModule : DemoGuardModule]),
      ],
      providers: GLOBAL,
    };
  }
}
