import type { Awaitable } from '../awaitable.js';

/**
 * What a plugin is told about the answer that it rewrites. Frozen; holds neither the request nor any credential.
 */
export interface PluginContext {
  /** The name under which the caller asked for the plugin (`_nodejs=upper-user` → `upper-user`). */
  readonly plugin: string;
  /** The project of the request (`XownerId`, already verified). */
  readonly ownerId: string;
  /** The HTTP method, in capitals. */
  readonly method: string;
  /** The route's path without the query string, e.g. `/bo/api/v3/auth/token/refresh`. */
  readonly route: string;
}

/** The context as the caller of a plugin gives it: the plugin's own name is known without him. */
export type PluginCall = Omit<PluginContext, 'plugin'>;

/**
 * Rewrites the `data` of a successful login or refresh, and nothing else: the envelope's own keys never change.
 *
 * `data` is the answer's payload with the keys that the API documents (`tokenUser`, `accessToken`, …). An
 * operator's plugin gets a deep-frozen copy and returns a new plain object or array of JSON values, or a promise
 * of one. What it returns must still hold both tokens, unchanged. `docs/plugins.md` has the rules in full.
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
