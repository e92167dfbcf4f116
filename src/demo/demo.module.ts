import { Module } from '@nestjs/common';
import { AuthServicesModule } from '../auth/auth-services.module.js';
import { DemoData } from './demo-data.js';
import { DemoGuard } from './demo-guard.js';
import { DemoRemains } from './demo-remains.js';
import { SeedSession } from './seed-session.js';

const SERVICES = [DemoRemains, SeedSession];

/** What the command line needs to remove and to restore it. */
@Module({ imports: [AuthServicesModule], providers: SERVICES, exports: SERVICES })
export class DemoServicesModule {}

/** Development: writes the demo data. */
@Module({ imports: [AuthServicesModule, DemoServicesModule], providers: [DemoData] })
export class DemoModule {}

/** Production: refuses to start on it. */
@Module({ imports: [DemoServicesModule], providers: [DemoGuard] })
export class DemoGuardModule {}
