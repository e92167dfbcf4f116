export type { HttpRequest } from './access-token-request.js';
export type { AccessTokenClaims, Auth, Requirements, ServiceAuth, UserAuth } from './auth.js';
export { AuthError, type AuthErrorCode } from './auth-error.js';
export { createVerifier, Verifier } from './verifier.js';
export type { DpopOptions, FeedOptions, VerifierOptions } from './verifier-options.js';
