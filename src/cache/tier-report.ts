import { Step } from '../diagnostics/step.js';
import { Topic } from '../diagnostics/topic.js';
import type { Provenance } from './provenance.js';

export type Tier = Provenance['cacheType'];

/** Published for each read: the tier that answered. The database answers what no other tier has. */
export const tierReads = new Topic<Tier>('bo-auth:tier-read');

/** One tier's part of a read; its result is what the tier had, or nothing. */
export const tierReading = new Step<{ readonly tier: Tier }>('bo-auth:tier');
