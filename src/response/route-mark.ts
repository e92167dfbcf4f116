import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

const reflector = new Reflector();

/**
 * A decorator without arguments for a handler or a whole controller, and the question whether a request's handler has
 * it. Guards and interceptors ask several times per request, so the answer is looked up once per handler.
 */
export function routeMark() {
  const Mark = Reflector.createDecorator<void>();
  const known = new WeakMap<object, boolean>();
  const isMarked = (context: ExecutionContext): boolean => {
    const handler = context.getHandler();
    let answer = known.get(handler);
    if (answer === undefined) {
      answer = reflector.getAllAndOverride(Mark, [handler, context.getClass()]) !== undefined;
      known.set(handler, answer);
    }
    return answer;
  };
  return [Mark, isMarked] as const;
}
