import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseHealth } from './database-health.js';
import { Draining } from '../shutdown/draining.js';
import { HealthController } from './health.controller.js';
import { RedisHealth } from './redis-health.js';

@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [DatabaseHealth, Draining, RedisHealth],
  exports: [DatabaseHealth],
})
export class HealthModule {}
