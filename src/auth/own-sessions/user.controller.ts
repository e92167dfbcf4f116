import { Controller, Get, UseGuards } from '@nestjs/common';
import { ApiTags } from '../../response/api-decorators.js';
import { Prepared } from '../../response/prepared.js';
import { ApiTenantHeaders } from '../../tenancy/api-tenant-headers.decorator.js';
import { ApiBearer } from '../bearer/api-bearer.decorator.js';
import { BearerGuard, type Caller, CurrentCaller } from '../bearer/bearer.guard.js';
import { ApiUser } from './session-api.js';
import { tokenUser, type TokenUser } from '../token-grant.js';

@ApiTags('Sessions')
@ApiBearer()
@ApiTenantHeaders()
@Controller({ path: 'auth/user', version: '3' })
@UseGuards(BearerGuard)
export class UserController {
  @Get()
  @ApiUser()
  user(@CurrentCaller() { user, session }: Caller): Prepared<TokenUser> {
    return new Prepared(tokenUser(user, session.clientId));
  }
}
