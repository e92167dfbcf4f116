import { SetMetadata } from '@nestjs/common';

export const BARE = Symbol('bare');

/** A call that machines read in a format of its own (health, metrics, key sets): no envelope, no tenant. */
export const Bare = () => SetMetadata(BARE, true);
