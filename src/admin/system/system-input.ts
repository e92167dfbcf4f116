import type { z } from 'zod';
import { fields, identifier, text } from '../field.js';

export const newSystemSchema = fields({ sysId: identifier, name: text(1, 128) }).meta({
  example: { sysId: 'cms', name: 'Contents' },
});
export type NewSystem = z.output<typeof newSystemSchema>;
