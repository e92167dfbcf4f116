// yudao (yudao-ui-admin-vue3): src/config/axios/login-auth.ts
import { createLoginAuth, type LoginAuthOptions } from '@bo-auth/client';
import { attachAxios } from '@bo-auth/client/axios';
import type { AxiosInstance } from 'axios';

/**
 * @param service the axios instance of service.ts
 * @param askToSignIn `handleAuthorized`, the dialog that leads to the login page
 */
export function keepSignedIn(options: LoginAuthOptions, service: AxiosInstance, askToSignIn: () => void) {
  const loginAuth = createLoginAuth(options);
  attachAxios(loginAuth, service, {
    // yudao answers 200 and puts the 401 into the body, which is still text here.
    isRefused: ({ data }) => /^\{"code":401\b/.test(typeof data === 'string' ? data : ''),
  });
  loginAuth.onChange(({ type }) => {
    if (type === 'signed-out') askToSignIn();
  });
  return loginAuth;
}
