import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { DEFAULT_PLUGIN } from '../plugins/plugin-registry.js';
import { routeMark } from './route-mark.js';

const [Mark, takesResponsePlugin] = routeMark();

export { takesResponsePlugin };

/** For calls whose `data` is rewritten by the response plugin that the query parameter `_nodejs` names. */
export const TakesResponsePlugin = () =>
  applyDecorators(
    Mark(),
    ApiQuery({
      name: '_nodejs',
      required: false,
      description:
        'The response plugin that rewrites `data`: `common-data` (lower camel case), `common-data-under` (snake case) or one of the operator’s. The envelope’s own keys never change; an unknown name spends nothing. / 改写 `data` 的响应插件：`common-data`（小驼峰）、`common-data-under`（下划线）或运维方自己的插件。外层字段不变；名称未知时不消耗任何令牌。',
      schema: { type: 'string', default: DEFAULT_PLUGIN },
    }),
  );
