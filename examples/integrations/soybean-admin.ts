// soybean-admin: src/service/request/login-auth.ts
import { createLoginAuth, type LoginAuthOptions } from '@bo-auth/client';
import { axiosAdapter } from '@bo-auth/client/axios';

/**
 * @param expiredCodes `VITE_SERVICE_EXPIRED_TOKEN_CODES`: what the backend puts into the body of a 200 when it refuses the
 *   access token
 * @returns `loginAuth`, and the `adapter` for `createFlatRequest({ baseURL, adapter }, …)`
 */
export function keepSignedIn(options: LoginAuthOptions, expiredCodes: readonly string[]) {
  const loginAuth = createLoginAuth(options);
  const adapter = axiosAdapter(loginAuth, {
    isRefused: ({ status, data }) => status === 401 || expiredCodes.includes(codeOf(data)),
  });
  return { loginAuth, adapter };
}

/** The `code` of a JSON body, which is still text here. */
function codeOf(data: unknown): string {
  return /^\s*\{\s*"code"\s*:\s*"?(\w+)/.exec(typeof data === 'string' ? data : '')?.[1] ?? '';
}
