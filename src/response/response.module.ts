import { Global, Module } from '@nestjs/common';
import { AllowedMethods } from './allowed-methods.js';

@Global()
@Module({ providers: [AllowedMethods], exports: [AllowedMethods] })
export class ResponseModule {}
