import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from './api-decorators.js';
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
        'The response plugin that rewrites `data`: `common-data` (camelCase), `common-data-under` (snake_case) or a plugin installed by the operator. The keys of the envelope do not change. An unknown name is refused and no token is spent.',
      schema: { type: 'string', default: DEFAULT_PLUGIN },
    }),
  );
