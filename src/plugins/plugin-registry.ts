import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Awaitable } from '../awaitable.js';
import { Step } from '../diagnostics/step.js';
import { commonData } from './common-data.js';
import { commonDataUnder } from './common-data-under.js';
import { guardPlugin } from './guarded-plugin.js';
import { PluginFailure, pluginFrame } from './plugin-failure.js';
import { readPluginFolder } from './plugin-folder.js';
import { refuseExit } from './refused-exit.js';
import type { PluginCall, ResponsePlugin } from './response-plugin.js';

/** The plugin for requests without `_nodejs`. */
export const DEFAULT_PLUGIN = 'common-data';

const BUILT_IN: ReadonlyMap<string, ResponsePlugin> = new Map([
  ['common-data', commonData],
  ['common-data-under', commonDataUnder],
]);

export interface PluginRegistryOptions {
  /** The operator's folder; may be missing. */
  readonly pluginsDir: string;
  /** Called with one line for each file in the folder that is ignored. Defaults to Nest's logger. */
  readonly warn?: (line: string) => void;
  /** Time limit for a plugin that returns a promise, in ms. Default 5000. */
  readonly pluginDeadlineMs?: number;
}

/** One run of a plugin. `plugin` is one of {@link PluginRegistry.names}, never text from a caller. */
export const pluginRuns = new Step<{ readonly plugin: string }>('bo-auth:plugin');

/**
 * The plugins that a caller can name in `_nodejs`: two built-in ones and the operator's, loaded once at startup.
 * A name is only ever looked up in a Map, so it can never reach the file system.
 */
@Injectable()
export class PluginRegistry implements OnModuleInit, OnApplicationShutdown {
  private readonly plugins = new Map(BUILT_IN);
  private loading?: Promise<void>;
  private allowExit?: () => void;

  constructor(private readonly options: PluginRegistryOptions) {}

  /** @throws {PluginLoadError} if a file in the folder cannot be used */
  static async load(pluginsDir: string, warn?: (line: string) => void): Promise<PluginRegistry> {
    const registry = new PluginRegistry({ pluginsDir, warn });
    await registry.onModuleInit();
    return registry;
  }

  /** Loads the folder once. Nest calls this before the application listens. */
  onModuleInit(): Promise<void> {
    return (this.loading ??= this.readFolder());
  }

  onApplicationShutdown(): void {
    this.allowExit?.();
  }

  names(): string[] {
    return [...this.plugins.keys()];
  }

  /** Returns the plugin, or null for an unknown name or another type. Call before a token is used up. */
  find(name: unknown): ResponsePlugin | null {
    return typeof name === 'string' ? (this.plugins.get(name) ?? null) : null;
  }

  /**
   * Rewrites `data` without changing it. Returns a promise only if the plugin does.
   *
   * @throws {PluginFailure} (or rejects with it) if the plugin gives no acceptable result; never another error
   */
  run(name: string, data: object, call: PluginCall): Awaitable<object> {
    const plugin = this.find(name);
    // do not log the name: it is text from a caller
    if (plugin === null) throw new PluginFailure('unknown', 'no plugin has this name');
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
    if (operators.length > 0)
      this.allowExit = refuseExit(
        (stack) => pluginFrame(stack) !== undefined,
        (stack) =>
          new Logger(PluginRegistry.name).error(`${pluginFrame(stack)} called process.exit: refused`),
      );
    for (const operator of operators) {
      this.plugins.set(
        operator.name,
        guardPlugin(operator, { milliseconds: pluginDeadlineMs, keepsAlive: false }),
      );
    }
  }
}
