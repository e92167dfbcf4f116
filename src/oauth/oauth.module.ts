import { Module } from '@nestjs/common';
import { AuthGuardModule } from '../auth/auth-guard.module.js';
import { AuthServicesModule } from '../auth/auth-services.module.js';
import { MetadataController, OpenIdConfigurationController } from './metadata.controller.js';
import { OAuthController } from './oauth.controller.js';
import { TokenGrants } from './token-grants.js';
import { TokenRevocation } from './token-revocation.js';

@Module({
  imports: [AuthServicesModule, AuthGuardModule],
  providers: [TokenGrants, TokenRevocation],
  controllers: [OAuthController, MetadataController, OpenIdConfigurationController],
})
export class OAuthModule {}
