// RuoYi-Vue3: src/utils/login-auth.ts (or .js, without the types)
import { createLoginAuth, type LoginAuthOptions } from '@bo-auth/client';
import { attachAxios } from '@bo-auth/client/axios';
import type { AxiosInstance } from 'axios';

/**
 * @param service the axios instance of request.ts
 * @param toLogin shows the login page
 */
export function keepSignedIn(options: LoginAuthOptions, service: AxiosInstance, toLogin: () => void) {
  const loginAuth = createLoginAuth(options);
  attachAxios(loginAuth, service, {
    // RuoYi answers 200 and puts the 401 into the body, which is still text here, with its fields in any order.
    isRefused: ({ data }) => typeof data === 'string' && /^\{[^{}]*"code":401\b/.test(data),
  });
  loginAuth.onChange(({ type }) => {
    if (type === 'signed-out') toLogin();
  });
  return loginAuth;
}
