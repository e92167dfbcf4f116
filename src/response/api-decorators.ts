import type * as Swagger from '@nestjs/swagger';

type DecoratorName =
  | 'ApiBearerAuth'
  | 'ApiBody'
  | 'ApiConsumes'
  | 'ApiHeaders'
  | 'ApiOkResponse'
  | 'ApiOperation'
  | 'ApiParam'
  | 'ApiQuery'
  | 'ApiResponse'
  | 'ApiSecurity'
  | 'ApiServiceUnavailableResponse'
  | 'ApiTags'
  | 'ApiUnauthorizedResponse';

const pending: ((swagger: typeof Swagger) => void)[] = [];

/** The decorator of @nestjs/swagger with this name, which takes effect with {@link loadSwagger}. */
const deferred =
  <Name extends DecoratorName>(name: Name) =>
  (...args: Parameters<(typeof Swagger)[Name]>): MethodDecorator & ClassDecorator =>
  (...place: [target: object, key?: string | symbol, descriptor?: PropertyDescriptor]) => {
    pending.push((swagger) => {
      const decorator = swagger[name] as (...given: typeof args) => (...at: typeof place) => unknown;
      decorator(...args)(...place);
    });
  };

export const ApiBearerAuth = deferred('ApiBearerAuth');
export const ApiBody = deferred('ApiBody');
export const ApiConsumes = deferred('ApiConsumes');
export const ApiHeaders = deferred('ApiHeaders');
export const ApiOkResponse = deferred('ApiOkResponse');
export const ApiOperation = deferred('ApiOperation');
export const ApiParam = deferred('ApiParam');
export const ApiQuery = deferred('ApiQuery');
export const ApiResponse = deferred('ApiResponse');
export const ApiSecurity = deferred('ApiSecurity');
export const ApiServiceUnavailableResponse = deferred('ApiServiceUnavailableResponse');
export const ApiTags = deferred('ApiTags');
export const ApiUnauthorizedResponse = deferred('ApiUnauthorizedResponse');

/**
 * Loads @nestjs/swagger, which only the OpenAPI document needs, and applies its decorators. It is a third of all modules
 * of a start, so processes that nobody asks for the document do without it.
 */
export async function loadSwagger(): Promise<typeof Swagger> {
  const swagger = await import('@nestjs/swagger');
  for (const apply of pending.splice(0)) apply(swagger);
  return swagger;
}
