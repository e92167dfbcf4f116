import type { Awaitable } from '../awaitable.js';

/** Describes the request to a plugin. Frozen; contains neither the request itself nor any credential. */
export interface PluginContext {
  /** The plugin's name, e.g. `upper-user` for `_nodejs=upper-user`. */
  readonly plugin: string;
  /** The project of the request (`XownerId`, verified). */
  readonly ownerId: string;
  /** The HTTP method, in upper case. */
  readonly method: string;
  /** The route's path without the query string, e.g. `/bo/api/v3/auth/token/refresh`. */
  readonly route: string;
}

/** The context without the plugin's name, which the registry adds. */
export type PluginCall = Omit<PluginContext, 'plugin'>;

/**
 * Rewrites the `data` of a successful login or refresh. The keys of the envelope never change.
 *
 * `data` has the keys that the API documents (`tokenUser`, `accessToken`, …). An operator's plugin receives a
 * deep-frozen copy and returns a new plain object or array of JSON values, or a promise of one. The result must
 * contain both tokens unchanged. See `docs/plugins.md` for all rules.
 *
 * ```js
 * // Config/AppNodeJs/Plugins/fn-upper-user.js: ...&_nodejs=upper-user
 * export default (data, context) => ({
 *   ...data,
 *   tokenUser: { ...data.tokenUser, userName: data.tokenUser.userName.toUpperCase() },
 *   project: context.ownerId,
 * });
 * ```
 */
export type ResponsePlugin = (data: object, context: PluginContext) => Awaitable<object>;
