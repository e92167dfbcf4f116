import axios, { AxiosError, type AxiosInstance, type AxiosResponse } from 'axios';
import type { LoginAuth } from '../login-auth.js';

export interface AxiosOptions {
  /**
   * Whether an answer says that the access token was refused. Default: its status is 401. `data` is still text, as the
   * server sent it.
   */
  readonly isRefused?: (response: AxiosResponse) => boolean;
}

/**
 * Makes an axios instance send the access token, and repeat a request once whose token was refused. It works below all
 * interceptors: they see one request and its final answer.
 */
export function attachAxios(
  auth: Pick<LoginAuth, 'send'>,
  instance: AxiosInstance,
  { isRefused = ({ status }) => status === 401 }: AxiosOptions = {},
): void {
  const original = instance.defaults.adapter;
  instance.defaults.adapter = async (config) => {
    // axios 0.x has neither names for adapters nor named exports
    // oxlint-disable-next-line import/no-named-as-default-member
    const send = typeof original === 'function' ? original : axios.getAdapter(original);
    const outcome = await auth.send(
      (token) => {
        if (token) config.headers['Authorization'] = `Bearer ${token}`;
        return send(config).then(
          (response) => ({ response, error: null }),
          (error: unknown) => ({ response: (error as AxiosError).response, error }),
        );
      },
      ({ response }) => response !== undefined && isRefused(response),
    );
    if (outcome.error) throw outcome.error;
    return outcome.response!;
  };
}
