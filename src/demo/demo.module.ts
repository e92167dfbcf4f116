import { Module } from '@nestjs/common';
import { AuthServicesModule } from '../auth/auth-services.module.js';
import { DemoData } from './demo-data.js';
import { DemoGuard } from './demo-guard.js';
import { DemoRemains } from './demo-remains.js';

/** Development: writes the demo data. */
@Module({ imports: [AuthServicesModule], providers: [DemoData] })
export class DemoModule {}

/** What the command line needs to remove it. */
@Module({ imports: [AuthServicesModule], providers: [DemoRemains], exports: [DemoRemains] })
export class DemoRemainsModule {}

/** Production: refuses to start on it. */
@Module({ imports: [DemoRemainsModule], providers: [DemoGuard] })
export class DemoGuardModule {}
