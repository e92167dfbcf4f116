export { createLoginAuth, type Credentials, type LoginAuth, type LoginAuthOptions } from './login-auth.js';
export type { Dpop } from './dpop.js';
export { LoginAuthError } from './login-auth-error.js';
export type { Verify } from './service.js';
export type { TokenGrant, TokenUser } from './session.js';
export type { Change, Storage } from './session-store.js';
export type { Transport, TransportRequest, TransportResponse } from './transport.js';
export { hmacVerify } from './verify/hmac.js';
