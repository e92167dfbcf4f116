import { z } from 'zod';
import type { SystemView } from './system-administration.js';
import { pageOf, shown, text } from '../admin-answer.js';
import { described } from '../field-text.js';

export const systemAnswer = shown<SystemView>(
  'SystemView',
  z.object(described({ sysId: text, name: text })),
  {
    sysId: 'crm',
    name: 'Customers',
  },
);

export const systemsAnswer = pageOf('SystemPage', systemAnswer);

export const systemRemovedAnswer = shown('SystemRemoved', z.object(described({ removed: z.literal(1) })), {
  removed: 1 as const,
});
