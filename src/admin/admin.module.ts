import { Module } from '@nestjs/common';
import { AuthGuardModule } from '../auth/auth-guard.module.js';
import { AuthServicesModule } from '../auth/auth-services.module.js';
import { AdminEventController } from './event/admin-event.controller.js';
import { AdminImportController } from './import/admin-import.controller.js';
import { AdminProjectController } from './project/admin-project.controller.js';
import { AdminSigningKeyController } from './signing-key/admin-signing-key.controller.js';
import { AdminClientController } from './client/admin-client.controller.js';
import { AdminSystemController } from './system/admin-system.controller.js';
import { AdminGrantController } from './grant/admin-grant.controller.js';
import { AdminUserController } from './user/admin-user.controller.js';
import { AdministratorGuard } from './administrator.guard.js';
import { AdminServicesModule } from './admin-services.module.js';

/** The HTTP calls of the administration; the command line uses only their services. */
@Module({
  imports: [AuthServicesModule, AuthGuardModule, AdminServicesModule],
  providers: [AdministratorGuard],
  controllers: [
    AdminProjectController,
    AdminSigningKeyController,
    AdminSystemController,
    AdminClientController,
    AdminUserController,
    AdminGrantController,
    AdminImportController,
    AdminEventController,
  ],
})
export class AdminModule {}
