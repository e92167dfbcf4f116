import { z } from 'zod';
import { canonicalAddress } from '../../network/client-address.js';
import { fields, text } from '../field.js';

const ADDRESS_RULE = 'must be an IP address';

export const grantSchema = fields({
  clientId: text(1, 64).describe('The client application of the session. Default: that of the user.'),
  ip: z
    .string(ADDRESS_RULE)
    .max(64, ADDRESS_RULE)
    .transform((value, context) => {
      const address = canonicalAddress(value);
      if (address === null) context.addIssue(ADDRESS_RULE);
      return address ?? '';
    })
    .describe('The address of the user. Default: that of the caller.'),
  userAgent: text(0, 1024).describe('The `User-Agent` of the user. Default: that of the caller.'),
})
  .partial()
  .meta({ example: { clientId: 'shop-web', ip: '192.0.2.10', userAgent: 'Mozilla/5.0' } });
export type GrantRequest = z.output<typeof grantSchema>;
