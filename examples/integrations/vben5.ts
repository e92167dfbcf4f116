// vben 5: apps/web-antd/src/api/login-auth.ts
import { createLoginAuth, type LoginAuthOptions } from '@bo-auth/client';
import { attachAxios } from '@bo-auth/client/axios';
import type { AxiosInstance } from 'axios';

/** @param accessStore `useAccessStore()`, which route guards read */
export function keepSignedIn(
  options: LoginAuthOptions,
  client: { readonly instance: AxiosInstance },
  accessStore: { setAccessToken(token: string | null): void },
) {
  const loginAuth = createLoginAuth(options);
  attachAxios(loginAuth, client.instance);
  const follow = async () => accessStore.setAccessToken(await loginAuth.getToken().catch(() => null));
  loginAuth.onChange((change) => {
    if (change.type === 'signed-out') accessStore.setAccessToken(null);
    else void follow();
  });
  if (loginAuth.user) void follow();
  return loginAuth;
}
