import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { existsSync } from 'node:fs';
import { AdminModule } from '../admin/admin.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CacheModule } from '../cache/cache.module.js';
import type { Config } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { configuration } from './environment.js';
import { usage } from './exit-code.js';
import { note } from './output.js';

/** What a command needs of the service: no HTTP, no plugins, no demo data. */
@Module({})
class CommandLineModule {
  static of(config: Config): DynamicModule {
    return {
      module: CommandLineModule,
      imports: [ConfigModule.of(config), DatabaseModule, CacheModule, TenancyModule, AuthModule, AdminModule],
    };
  }
}

/**
 * Runs a piece of work on the services, beside a server that may be running on the same database, and closes all
 * afterwards.
 */
export async function administer<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  const config = configuration();
  assertLasting(config);
  const app = await NestFactory.createApplicationContext(CommandLineModule.of(config), {
    logger: false,
    abortOnError: false,
  });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

function assertLasting({ database }: Config): void {
  if (database.kind !== 'sqlite') return;
  if (database.file === null)
    throw usage(
      'DATABASE_URL is sqlite::memory:, which lives in the server alone: set it to sqlite:<file> or postgres://…',
    );
  if (!existsSync(database.file)) note(`bo-auth: ${database.file} did not exist and is made anew`);
}
