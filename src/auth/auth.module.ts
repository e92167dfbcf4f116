import { Module } from '@nestjs/common';
import { AuthServicesModule } from './auth-services.module.js';
import { KeySetController } from './access-token/key-set.controller.js';
import { SessionController } from './own-sessions/session.controller.js';
import { TokenController } from './token.controller.js';
import { UserController } from './own-sessions/user.controller.js';

/** The controllers. Their services are in a separate module, so that the command line loads no Swagger. */
@Module({
  imports: [AuthServicesModule],
  controllers: [TokenController, UserController, SessionController, KeySetController],
})
export class AuthModule {}
