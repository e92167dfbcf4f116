import { Step } from '../diagnostics/step.js';
import { Topic } from '../diagnostics/topic.js';
import type { Provenance } from './provenance.js';

export type Tier = Provenance['cacheType'];

/** Which tier answered a read; the database answers what no other could. */
export const tierReads = new Topic<Tier>('bo-auth:tier-read');

/** The asking of one tier; results in what it had, in nothing where it had none. */
export const tierReading = new Step<{ readonly tier: Tier }>('bo-auth:tier');
