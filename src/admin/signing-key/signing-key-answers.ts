import { z } from 'zod';
import { SIGNING_ALGORITHMS } from '../../auth/access-token/signing-algorithm.js';
import type { SigningKeyView } from './signing-key-view.js';
import { AT, shown, text, time } from '../admin-answer.js';
import { described } from '../field-text.js';

export const signingKeyAnswer = shown<SigningKeyView>(
  'SigningKeyView',
  z.object(
    described({
      kid: text,
      algorithm: z.enum(SIGNING_ALGORITHMS),
      status: z
        .enum(['published', 'signing', 'retired'])
        .describe('`published` (verifies only), `signing` or `retired`.'),
      publishedAt: time,
      signingAt: time.nullable(),
      promotableAt: time.nullable(),
      retirableAt: time.nullable(),
      retiredAt: time.nullable(),
    }),
  ),
  {
    kid: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    algorithm: 'ES256',
    status: 'signing',
    publishedAt: AT,
    signingAt: AT,
    promotableAt: null,
    retirableAt: null,
    retiredAt: null,
  },
);

export const signingKeysAnswer = shown<{ items: SigningKeyView[] }>(
  'SigningKeyList',
  z.object(described({ items: z.array(signingKeyAnswer.schema as z.ZodType<SigningKeyView>) })),
  { items: [signingKeyAnswer.example] },
);
