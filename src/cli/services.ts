import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AdminServicesModule } from '../admin/admin-services.module.js';
import { ClientAdministration } from '../admin/client/client-administration.js';
import { EventLog } from '../admin/event/event-log.js';
import { AreaImport } from '../admin/import/area-import.js';
import { ProjectAdministration } from '../admin/project/project-administration.js';
import { SessionImport } from '../admin/import/session-import.js';
import { SigningKeyAdministration } from '../admin/signing-key/signing-key-administration.js';
import { SystemAdministration } from '../admin/system/system-administration.js';
import { UserAdministration } from '../admin/user/user-administration.js';
import { UserLocks } from '../admin/user/user-locks.js';
import { UserSecondFactor } from '../admin/user/user-second-factor.js';
import { UserDeletion } from '../admin/user/user-deletion.js';
import { UserSessions } from '../admin/session/user-sessions.js';
import { AuthServicesModule } from '../auth/auth-services.module.js';
import { CacheModule } from '../cache/cache.module.js';
import type { Config } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import { DemoRemains } from '../demo/demo-remains.js';
import { DemoServicesModule } from '../demo/demo.module.js';
import { SeedSession } from '../demo/seed-session.js';
import { DatabaseModule } from '../database/database.module.js';
import { ProjectDirectory } from '../tenancy/project/project-directory.js';
import { VerifyKeysAtRest } from '../tenancy/project/verify-keys-at-rest.js';
import { TenancyModule } from '../tenancy/tenancy.module.js';
import { TokenInspection } from './token/token-inspection.js';

/** The part of the service that commands use: no HTTP, no plugins, no demo data. */
@Module({})
class CommandLineModule {
  static of(config: Config): DynamicModule {
    return {
      module: CommandLineModule,
      imports: [
        ConfigModule.of(config),
        DatabaseModule,
        CacheModule,
        TenancyModule,
        AuthServicesModule,
        AdminServicesModule,
        DemoServicesModule,
      ],
      providers: [TokenInspection],
    };
  }
}

/** The services that commands call. */
export interface Services {
  readonly projects: ProjectAdministration;
  readonly signingKeys: SigningKeyAdministration;
  readonly systems: SystemAdministration;
  readonly clients: ClientAdministration;
  readonly users: UserAdministration;
  readonly userLocks: UserLocks;
  readonly userSecondFactor: UserSecondFactor;
  readonly userDeletion: UserDeletion;
  readonly userSessions: UserSessions;
  readonly areas: AreaImport;
  readonly sessionImport: SessionImport;
  readonly events: EventLog;
  readonly verifyKeys: VerifyKeysAtRest;
  readonly directory: ProjectDirectory;
  readonly inspection: TokenInspection;
  readonly demo: DemoRemains;
  readonly seedSession: SeedSession;
  close(): Promise<void>;
}

export async function openServices(config: Config): Promise<Services> {
  const app = await NestFactory.createApplicationContext(CommandLineModule.of(config), {
    logger: false,
    abortOnError: false,
  });
  return {
    projects: app.get(ProjectAdministration, { strict: false }),
    signingKeys: app.get(SigningKeyAdministration, { strict: false }),
    systems: app.get(SystemAdministration, { strict: false }),
    clients: app.get(ClientAdministration, { strict: false }),
    users: app.get(UserAdministration, { strict: false }),
    userLocks: app.get(UserLocks, { strict: false }),
    userSecondFactor: app.get(UserSecondFactor, { strict: false }),
    userDeletion: app.get(UserDeletion, { strict: false }),
    userSessions: app.get(UserSessions, { strict: false }),
    areas: app.get(AreaImport, { strict: false }),
    sessionImport: app.get(SessionImport, { strict: false }),
    events: app.get(EventLog, { strict: false }),
    verifyKeys: app.get(VerifyKeysAtRest, { strict: false }),
    directory: app.get(ProjectDirectory, { strict: false }),
    inspection: app.get(TokenInspection),
    demo: app.get(DemoRemains, { strict: false }),
    seedSession: app.get(SeedSession, { strict: false }),
    close: () => app.close(),
  };
}
