import { Module } from '@nestjs/common';
import { AllowedOrigins } from './allowed-origins.js';
import { CrossOrigin } from './cross-origin.js';

@Module({ providers: [AllowedOrigins, CrossOrigin], exports: [AllowedOrigins] })
export class CorsModule {}
