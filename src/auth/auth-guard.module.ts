import { Module } from '@nestjs/common';
import { RequestGuardModule } from '../tenancy/request-guard.module.js';
import { AuthServicesModule } from './auth-services.module.js';
import { BearerGuard } from './bearer/bearer.guard.js';
import { DpopNonces } from './dpop/dpop-nonces.js';
import { DpopProofs } from './dpop/dpop-proofs.js';

/** What judges the credentials of a request. Separate from the services: the command line serves no requests. */
@Module({
  imports: [AuthServicesModule, RequestGuardModule],
  providers: [DpopNonces, DpopProofs, BearerGuard],
  exports: [DpopProofs, BearerGuard],
})
export class AuthGuardModule {}
