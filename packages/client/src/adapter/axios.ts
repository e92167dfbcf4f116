import axios, { type AxiosAdapter, type AxiosError, type AxiosInstance, type AxiosResponse } from 'axios';
import type { LoginAuth } from '../login-auth.js';

export interface AxiosOptions {
  /**
   * Whether an answer says that the access token was refused. Default: its status is 401. `data` is still text, as the
   * server sent it.
   */
  readonly isRefused?: (response: AxiosResponse) => boolean;
  /** What sends the requests. Default: that of axios. */
  readonly adapter?: AxiosInstance['defaults']['adapter'];
}

/**
 * An adapter for axios that sends the access token, and repeats a request once whose token was refused. It works below all
 * interceptors: they see one request and its final answer.
 */
export function axiosAdapter(
  auth: Pick<LoginAuth, 'send'>,
  { isRefused = ({ status }) => status === 401, adapter = axios.defaults.adapter }: AxiosOptions = {},
): AxiosAdapter {
  return async (config) => {
    // axios 0.x has neither names for adapters nor named exports
    // oxlint-disable-next-line import/no-named-as-default-member
    const send = typeof adapter === 'function' ? adapter : axios.getAdapter(adapter, config);
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

/** Gives an axios instance the {@link axiosAdapter}. */
export function attachAxios(
  auth: Pick<LoginAuth, 'send'>,
  instance: AxiosInstance,
  options: AxiosOptions = {},
): void {
  instance.defaults.adapter = axiosAdapter(auth, { adapter: instance.defaults.adapter, ...options });
}
