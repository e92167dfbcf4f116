import { Module } from '@nestjs/common';
import { AuthModule } from './auth.module.js';
import { KeySetController } from './key-set.controller.js';
import { SessionController } from './session.controller.js';
import { TokenController } from './token.controller.js';
import { UserController } from './user.controller.js';

/** The calls, apart from their services: the command line starts without the documentation's library. */
@Module({
  imports: [AuthModule],
  controllers: [TokenController, UserController, SessionController, KeySetController],
})
export class AuthHttpModule {}
