import { Module } from '@nestjs/common';
import { AuthServicesModule } from '../auth/auth-services.module.js';
import { DemoData } from './demo-data.js';

@Module({ imports: [AuthServicesModule], providers: [DemoData] })
export class DemoModule {}
