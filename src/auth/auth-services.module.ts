import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditServicesModule } from '../audit/audit.module.js';
import { AccessTokens } from './access-token/access-token.js';
import { Authentication } from './login/authentication.js';
import { BearerSessions } from './bearer/bearer-session.js';
import { CleanUp } from './clean-up.js';
import { ClientAuthentication } from './oauth-client/client-authentication.js';
import { OAuthClient } from './oauth-client/oauth-client.entity.js';
import { OAuthClients } from './oauth-client/oauth-clients.js';
import { Enrolment } from './enrolment/enrolment.js';
import { Introspection } from './introspection.js';
import { Issuers } from './access-token/issuers.js';
import { KeyRings } from './access-token/key-rings.js';
import { LockOut } from './lock-out/lock-out.js';
import { Login } from './login/login.js';
import { LoginFailures } from './lock-out/login-failures.js';
import { LoginGate } from './lock-out/login-gate.js';
import { LoginTrail } from './lock-out/login-trail.js';
import { PasswordChange } from './own-password/password-change.js';
import { Passwords } from './password/passwords.js';
import { RedisLoginFailures } from './lock-out/redis-login-failures.js';
import { RefreshTokenCookie } from './cookie/refresh-token-cookie.js';
import { Refresh } from './refresh/refresh.js';
import { RefreshTokenMint } from './refresh-token/refresh-token-mint.js';
import { Revocation } from './revocation.js';
import { RevocationFeed } from './revocation-feed/revocation-feed.js';
import { SecondFactors } from './second-factor/second-factors.js';
import { SessionJudge } from './refresh/session-judge.js';
import { SessionOpening } from './login/session-opening.js';
import { SessionStore } from './session/session.store.js';
import { Sessions } from './session/sessions.js';
import { SharedLoginFailures } from './lock-out/shared-login-failures.js';
import { SigningKeys } from './access-token/signing-keys.js';
import { SqlLoginFailures } from './lock-out/sql-login-failures.js';
import { SqlSessionStore } from './session/sql-session.store.js';
import { UsualNetworks } from './lock-out/usual-networks.js';

const SERVICES = [
  { provide: SessionStore, useClass: SqlSessionStore },
  Sessions,
  RevocationFeed,
  RefreshTokenMint,
  KeyRings,
  SigningKeys,
  Issuers,
  AccessTokens,
  OAuthClients,
  ClientAuthentication,
  Passwords,
  { provide: LoginFailures, useClass: SharedLoginFailures },
  SqlLoginFailures,
  RedisLoginFailures,
  UsualNetworks,
  LoginGate,
  LoginTrail,
  LockOut,
  SecondFactors,
  Authentication,
  SessionOpening,
  Login,
  PasswordChange,
  SessionJudge,
  Refresh,
  Revocation,
  RefreshTokenCookie,
  Enrolment,
  BearerSessions,
  Introspection,
  CleanUp,
];

/** The token and session services, for HTTP and for the command line. */
@Module({
  imports: [AuditServicesModule, TypeOrmModule.forFeature([OAuthClient])],
  providers: SERVICES,
  exports: SERVICES,
})
export class AuthServicesModule {}
