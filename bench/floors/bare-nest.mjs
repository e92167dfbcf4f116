// @ts-check
/**
 * Floor: one bare Nest controller on Fastify with a small JSON response. It has no guard, pipe, interceptor, filter or
 * log, so it shows the cost of the framework alone.
 *
 * `node bench/floors/bare-nest.mjs --port 8000`
 */
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

const { values } = parseArgs({ options: { port: { type: 'string', default: '8000' } } });

class AnswerController {
  answer() {
    return { success: true, code: 0, message: '', data: null };
  }
}
class BareModule {}

// Decorators are plain functions. Applying them by hand lets this file run without a build.
const method = Object.getOwnPropertyDescriptor(AnswerController.prototype, 'answer');
if (method) Get()(AnswerController.prototype, 'answer', method);
Controller('bo/api/v3/bare')(AnswerController);
Module({ controllers: [AnswerController] })(BareModule);

const app = await NestFactory.create(BareModule, new FastifyAdapter(), { logger: false });
app.enableShutdownHooks();
await app.listen(Number(values.port), '127.0.0.1');
