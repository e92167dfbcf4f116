import { Module } from '@nestjs/common';
import { CorsModule } from '../cors/cors.module.js';
import { AuthGuardModule } from './auth-guard.module.js';
import { AuthServicesModule } from './auth-services.module.js';
import { KeySetController } from './access-token/key-set.controller.js';
import { TokenCarrier } from './cookie/token-carrier.js';
import { EnrolmentController } from './enrolment/enrolment.controller.js';
import { PasswordController } from './own-password/password.controller.js';
import { SessionController } from './own-sessions/session.controller.js';
import { TokenController } from './token.controller.js';
import { UserController } from './own-sessions/user.controller.js';

/** The controllers. Their services are in a separate module, so that the command line loads no Swagger. */
@Module({
  imports: [AuthServicesModule, AuthGuardModule, CorsModule],
  providers: [TokenCarrier],
  controllers: [
    TokenController,
    PasswordController,
    UserController,
    SessionController,
    EnrolmentController,
    KeySetController,
  ],
})
export class AuthModule {}
