import { z } from 'zod';
import { GRANT_TYPES } from '../../auth/oauth-client/oauth-client.entity.js';
import { choice, fields, list, text, whole } from '../field.js';

const DAY_SECONDS = 86_400;

const CLIENT_ID_RULE = 'must be 1 to 64 visible ASCII characters';
export const CLIENT_ID = 'The client, as it names itself in `client_id`.';
export const clientId = z
  .string(CLIENT_ID_RULE)
  .regex(/^[\x21-\x7e]{1,64}$/, CLIENT_ID_RULE)
  .describe(CLIENT_ID);

/** @see RFC 6749 §3.3 */
const SCOPE_RULE = 'must be 1 to 64 visible ASCII characters without quotation marks and backslashes';
const scope = z.string(SCOPE_RULE).regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/, SCOPE_RULE);

const settings = {
  name: text(1, 128),
  grants: list(choice(GRANT_TYPES)),
  scopes: list(scope),
  dpop: choice(['optional', 'required']),
};

const changeSchema = fields(settings).partial();

export const clientChangeSchema = changeSchema
  .refine((changes) => Object.keys(changes).length > 0, {
    path: ['body'],
    error: 'must hold at least one field',
  })
  .meta({ example: { scopes: ['orders'] } });
export type ClientChange = z.output<typeof changeSchema>;

export const newClientSchema = fields({
  clientId,
  type: choice(['public', 'confidential']),
  ...changeSchema.shape,
}).meta({
  example: { clientId: 'orders', type: 'confidential', grants: ['client_credentials'], scopes: ['orders'] },
});
export type NewClient = z.output<typeof newClientSchema>;

export const secretRotationSchema = fields({
  /** For how long the former secret stays valid. */
  overlapSeconds: whole(0, 365 * DAY_SECONDS).default(7 * DAY_SECONDS),
}).meta({ example: { overlapSeconds: 604_800 } });
export type SecretRotation = z.output<typeof secretRotationSchema>;
