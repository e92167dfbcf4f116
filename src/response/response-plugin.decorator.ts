import { applyDecorators, type ExecutionContext } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { DEFAULT_PLUGIN } from '../plugins/plugin-registry.js';

const takers = new WeakSet<object>();

/** A call whose `data` the caller may have rewritten by the plugin that `_nodejs` names. */
export const TakesResponsePlugin = () =>
  applyDecorators(
    (_target: object, _name: string | symbol, { value }: PropertyDescriptor) =>
      void takers.add(value as object),
    ApiQuery({
      name: '_nodejs',
      required: false,
      description:
        'The response plugin that rewrites `data`: `common-data` (lower camel case), `common-data-under` (snake case) or one of the operator’s. The envelope’s own keys never change; an unknown name spends nothing. / 改写 `data` 的响应插件：`common-data`（小驼峰）、`common-data-under`（下划线）或运维方自己的插件。外层字段不变；名称未知时不消耗任何令牌。',
      schema: { type: 'string', default: DEFAULT_PLUGIN },
    }),
  );

export function takesResponsePlugin(context: ExecutionContext): boolean {
  return takers.has(context.getHandler());
}
