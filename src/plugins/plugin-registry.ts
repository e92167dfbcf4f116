import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Awaitable } from '../awaitable.js';
import { Step } from '../diagnostics/step.js';
import { commonData } from './common-data.js';
import { commonDataUnder } from './common-data-under.js';
import { guardPlugin } from './guarded-plugin.js';
import { PluginFailure } from './plugin-failure.js';
import { readPluginFolder } from './plugin-folder.js';
import type { PluginCall, ResponsePlugin } from './response-plugin.js';

/** The plugin of an answer whose caller named none. */
export const DEFAULT_PLUGIN = 'common-data';

const BUILT_IN: ReadonlyMap<string, ResponsePlugin> = new Map([
  ['common-data', commonData],
  ['common-data-under', commonDataUnder],
]);

export interface PluginRegistryOptions {
  /** The operator's folder; need not exist. */
  readonly pluginsDir: string;
  /** Told, one line each, of files in the folder that are not served. Nest's logger by default. */
  readonly warn?: (line: string) => void;
  /** For a plugin that answers with a promise; 5000 by default. */
  readonly pluginDeadlineMs?: number;
}

/** One answer's rewriting. `plugin` is one of {@link PluginRegistry.names}, never a caller's text. */
export const pluginRuns = new Step<{ readonly plugin: string }>('bo-auth:plugin');

/**
 * The plugins that a caller may name in `_nodejs`: the two built-in ones and the operator's, read once at the start.
 * Names are looked up in a Map and in nothing else.
 */
@Injectable()
export class PluginRegistry implements OnModuleInit {
  private readonly plugins = new Map(BUILT_IN);
  private loading?: Promise<void>;

  constructor(private readonly options: PluginRegistryOptions) {}

  /** @throws {PluginLoadError} when a file of the folder cannot be served */
  static async load(pluginsDir: string, warn?: (line: string) => void): Promise<PluginRegistry> {
    const registry = new PluginRegistry({ pluginsDir, warn });
    await registry.onModuleInit();
    return registry;
  }

  /** Reads the folder, the first time; Nest calls it before the application listens. */
  onModuleInit(): Promise<void> {
    return (this.loading ??= this.readFolder());
  }

  names(): string[] {
    return [...this.plugins.keys()];
  }

  /** The plugin of that name; null for any other input, of whatever type. Ask before a token is spent. */
  find(name: unknown): ResponsePlugin | null {
    return typeof name === 'string' ? (this.plugins.get(name) ?? null) : null;
  }

  /**
   * Rewrites `data`: by a promise where the plugin's answer is one, else at once.
   * `data` itself is never changed.
   *
   * @throws {PluginFailure} (or rejects with it) when there is no acceptable result; nothing else
   */
  run(name: string, data: object, call: PluginCall): Awaitable<object> {
    const plugin = this.find(name);
    // without the name: it is a caller's text
    if (plugin === null) throw new PluginFailure('unknown', 'no plugin of that name');
    const context = { plugin: name, ownerId: call.ownerId, method: call.method, route: call.route };
    return pluginRuns.run({ plugin: name }, () => plugin(data, context));
  }

  private async readFolder(): Promise<void> {
    const { pluginsDir, warn, pluginDeadlineMs = 5000 } = this.options;
    const operators = await readPluginFolder(pluginsDir, {
      reserved: new Set(BUILT_IN.keys()),
      deadlineMs: pluginDeadlineMs,
      warn: warn ?? ((line) => new Logger(PluginRegistry.name).warn(line)),
    });
    for (const operator of operators) {
      this.plugins.set(
        operator.name,
        guardPlugin(operator, { milliseconds: pluginDeadlineMs, keepsAlive: false }),
      );
    }
  }
}
