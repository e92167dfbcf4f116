import { z } from 'zod';
import { SIGNING_ALGORITHMS } from '../../auth/access-token/signing-algorithm.js';
import { choice, fields } from '../field.js';

export const newSigningKeySchema = fields({
  algorithm: choice(SIGNING_ALGORITHMS).default('ES256'),
}).meta({ example: { algorithm: 'ES256' } });
export type NewSigningKey = z.output<typeof newSigningKeySchema>;

export const signingKeyStepSchema = fields({
  /** Skip the wait, e.g. for a leaked key. */
  force: z.boolean('must be true or false').default(false),
}).meta({ example: { force: false } });
export type SigningKeyStep = z.output<typeof signingKeyStepSchema>;
