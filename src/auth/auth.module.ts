import { Module } from '@nestjs/common';
import { AuthServicesModule } from './auth-services.module.js';
import { KeySetController } from './key-set.controller.js';
import { SessionController } from './session.controller.js';
import { TokenController } from './token.controller.js';
import { UserController } from './user.controller.js';

/** The calls. Their services are apart: the command line starts without the documentation's library. */
@Module({
  imports: [AuthServicesModule],
  controllers: [TokenController, UserController, SessionController, KeySetController],
})
export class AuthModule {}
