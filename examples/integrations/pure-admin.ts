// pure-admin: src/utils/http/login-auth.ts
import { createLoginAuth, type LoginAuthOptions } from '@bo-auth/client';
import { attachAxios } from '@bo-auth/client/axios';
import type { AxiosInstance } from 'axios';

/**
 * @param axiosInstance that of `PureHttp`
 * @param logOut `() => useUserStoreHook().logOut()`, which clears the menus and shows the login page
 */
export function keepSignedIn(options: LoginAuthOptions, axiosInstance: AxiosInstance, logOut: () => void) {
  const loginAuth = createLoginAuth(options);
  attachAxios(loginAuth, axiosInstance);
  loginAuth.onChange(({ type }) => {
    if (type === 'signed-out') logOut();
  });
  return loginAuth;
}
