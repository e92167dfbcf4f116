import { type ExecutionContext, SetMetadata } from '@nestjs/common';

const BARE = Symbol('bare');

/** A call that machines read in a format of its own (health, metrics, key sets): no envelope, no tenant. */
export const Bare = () => SetMetadata(BARE, true);

const known = new WeakMap<object, boolean>();

/** Whether the call, or its whole controller, is {@link Bare}. Asked several times a request, and looked up once. */
export function isBare(context: ExecutionContext): boolean {
  const handler = context.getHandler();
  let answer = known.get(handler);
  if (answer === undefined) {
    answer = Reflect.hasMetadata(BARE, handler) || Reflect.hasMetadata(BARE, context.getClass());
    known.set(handler, answer);
  }
  return answer;
}
