import { Global, Logger, Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { PluginRegistry } from './plugin-registry.js';
import { missingFolder } from './plugins-dir.js';

@Global()
@Module({
  providers: [
    {
      provide: PluginRegistry,
      inject: [CONFIG],
      useFactory: ({ pluginsDir }: Config) => {
        const missing = missingFolder(pluginsDir);
        if (missing !== null) new Logger(PluginsModule.name).warn(missing);
        return new PluginRegistry({ pluginsDir });
      },
    },
  ],
  exports: [PluginRegistry],
})
export class PluginsModule {}
