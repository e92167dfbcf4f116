import { Module } from '@nestjs/common';
import { EventChain } from './event-chain.js';
import { EventSealer } from './event-sealer.js';

/** The hash chain, for the service and the command line. */
@Module({ providers: [EventChain], exports: [EventChain] })
export class AuditServicesModule {}

/** Only the service seals by itself: a command may run with another pepper by mistake. */
@Module({ imports: [AuditServicesModule], providers: [EventSealer] })
export class AuditModule {}
