import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadConfig } from '../../src/config/config.js';
import { createApp } from '../../src/create-app.js';

export interface Media {
  schema: Record<string, unknown>;
  examples: Record<string, { $ref?: string; value?: unknown }>;
}
export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  deprecated?: boolean;
  parameters: { name: string; in: string; required: boolean; description: string; schema: object }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
  security?: Record<string, string[]>[];
}
export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; examples: Record<string, { value: unknown }> };
}

export const PRODUCTION = {
  NODE_ENV: 'production',
  SWAGGER_ENABLED: 'true',
  JWT_SECRET: 'a-secret-of-this-test-alone-0123456789',
  TOKEN_PEPPER: 'a-pepper-of-this-test-alone-0123456789',
};

/** The service with all its routes, by method and path. */
export async function start(env: Record<string, string> = {}) {
  const routes: string[] = [];
  const config = loadConfig({
    DATABASE_URL: 'sqlite::memory:',
    LOG_LEVEL: 'fatal',
    PLUGINS_DIR: 'docs/examples',
    RATE_LIMIT_PER_MINUTE: '0',
    ...env,
  });
  const app = await createApp(config, {
    create: (module, adapter, options) => {
      adapter.getInstance().addHook('onRoute', ({ method, url }) => {
        for (const each of [method].flat()) routes.push(`${each} ${url}`);
      });
      return NestFactory.create<NestFastifyApplication>(module, adapter, options);
    },
  });
  return { app, routes };
}
