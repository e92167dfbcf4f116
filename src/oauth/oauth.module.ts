import { Module } from '@nestjs/common';
import { AuthGuardModule } from '../auth/auth-guard.module.js';
import { AuthServicesModule } from '../auth/auth-services.module.js';
import { FeedController } from './feed/feed.controller.js';
import { FeedCursors } from './feed/feed-cursors.js';
import { FeedReader } from './feed/feed-reader.js';
import { FeedWaiters } from './feed/feed-waiters.js';
import { MetadataController, OpenIdConfigurationController } from './metadata.controller.js';
import { OAuthController } from './oauth.controller.js';
import { TokenGrants } from './token-grants.js';
import { TokenRevocation } from './token-revocation.js';

@Module({
  imports: [AuthServicesModule, AuthGuardModule],
  providers: [TokenGrants, TokenRevocation, FeedCursors, FeedReader, FeedWaiters],
  controllers: [OAuthController, FeedController, MetadataController, OpenIdConfigurationController],
  exports: [FeedWaiters],
})
export class OAuthModule {}
