import { Global, Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { PluginRegistry } from './plugin-registry.js';

@Global()
@Module({
  providers: [
    {
      provide: PluginRegistry,
      inject: [CONFIG],
      useFactory: ({ pluginsDir }: Config) => new PluginRegistry({ pluginsDir }),
    },
  ],
  exports: [PluginRegistry],
})
export class PluginsModule {}
