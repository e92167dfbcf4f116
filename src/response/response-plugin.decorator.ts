import { SetMetadata } from '@nestjs/common';

export const TAKES_PLUGIN = Symbol('takes-plugin');

/** A call whose `data` the caller may have rewritten by the plugin that `_nodejs` names. */
export const TakesResponsePlugin = () => SetMetadata(TAKES_PLUGIN, true);
