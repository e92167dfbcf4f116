import { Controller, Get, UseGuards } from '@nestjs/common';
import { Reply } from '../response/reply.js';
import { BearerGuard, type Caller, CurrentCaller } from './bearer.guard.js';
import { tokenUser, type TokenUser } from './token-grant.js';

@Controller({ path: 'auth/user', version: '3' })
@UseGuards(BearerGuard)
export class UserController {
  @Get()
  user(@CurrentCaller() { user, session }: Caller): Reply<TokenUser> {
    return new Reply(tokenUser(user, session.clientId));
  }
}
