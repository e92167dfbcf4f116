import {
  applyDecorators,
  type CanActivate,
  ConfigurableModuleBuilder,
  createParamDecorator,
  type ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  Module,
  type OnApplicationShutdown,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { IncomingHttpHeaders } from 'node:http';
import type { Auth, Requirements } from './auth.js';
import { AuthError } from './auth-error.js';
import { Verifier } from './verifier.js';
import type { VerifierOptions } from './verifier-options.js';

const REQUIRED = '@bo-auth/resource-server:required';
const PUBLIC = '@bo-auth/resource-server:public';

/** What the guard uses of a request of Express or of Fastify. */
interface NestRequest {
  readonly method: string;
  readonly originalUrl: string;
  readonly headers: IncomingHttpHeaders;
  auth?: Auth | null;
}

interface NestResponse {
  header(name: string, value: string): unknown;
}

/** Sets `request.auth`, or refuses the request. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    @Inject(Verifier) private readonly verifier: Verifier,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, places)) return true;
    const required = this.reflector.getAllAndOverride<Requirements | undefined>(REQUIRED, places);
    const request = context.switchToHttp().getRequest<NestRequest>();
    const { method, originalUrl: url, headers } = request;
    try {
      request.auth = await this.verifier.authenticate({ method, url, headers }, required);
      return true;
    } catch (error) {
      throw error instanceof AuthError ? answered(error, context.switchToHttp().getResponse()) : error;
    }
  }
}

/** Only for callers with a valid access token that meets the requirements. Those of a method replace those of its class. */
export const RequireAuth = (required: Requirements = {}) =>
  applyDecorators(SetMetadata(REQUIRED, required), UseGuards(AuthGuard));

/** Excepts a route where `AuthGuard` is global. */
export const Public = () => SetMetadata(PUBLIC, true);

/** Who calls, as an argument of a handler. */
export const CurrentAuth = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { auth } = context.switchToHttp().getRequest<NestRequest>();
  if (!auth) throw new Error('CurrentAuth is used on a route without RequireAuth');
  return auth;
});

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<VerifierOptions>()
  .setClassMethodName('forRoot')
  .setExtras({}, (definition) => ({ ...definition, global: true }))
  .build();

/** `AuthModule.forRoot(options)` or `forRootAsync({ inject, useFactory })`: provides `Verifier` and `AuthGuard` everywhere. */
@Module({
  providers: [
    {
      provide: Verifier,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: VerifierOptions) => new Verifier(options),
    },
    AuthGuard,
  ],
  exports: [Verifier, AuthGuard],
})
export class AuthModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(@Inject(Verifier) private readonly verifier: Verifier) {
    super();
  }

  onApplicationShutdown(): void {
    this.verifier.close();
  }
}

function answered(cause: AuthError, response: NestResponse): HttpException {
  for (const [name, value] of Object.entries(cause.headers)) response.header(name, value);
  const { status: statusCode, message, code: error } = cause;
  return new HttpException({ statusCode, message, error }, statusCode, { cause });
}
