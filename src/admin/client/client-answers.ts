import { z } from 'zod';
import { GRANT_TYPES } from '../../auth/oauth-client/oauth-client.entity.js';
import { CLIENT_ID } from './client-input.js';
import type { ClientView, ClientViewWithSecret } from './client-view.js';
import { AT, pageOf, shown, text, texts, time } from '../admin-answer.js';
import { described } from '../field-text.js';

const clientFields = {
  clientId: text.describe(CLIENT_ID),
  name: text,
  type: z.enum(['public', 'confidential']),
  grants: z.array(z.enum(GRANT_TYPES)),
  scopes: texts,
  dpop: z.enum(['optional', 'required']),
  previousSecretUntil: time.nullable(),
  createdAt: time,
};
const exampleClient: ClientView = {
  clientId: 'orders',
  name: 'Orders',
  type: 'confidential',
  grants: ['client_credentials'],
  scopes: ['orders'],
  dpop: 'optional',
  previousSecretUntil: null,
  createdAt: AT,
};
export const clientAnswer = shown<ClientView>('ClientView', z.object(described(clientFields)), exampleClient);
export const clientWithSecretAnswer = shown<ClientViewWithSecret>(
  'ClientViewWithSecret',
  z.object(described({ ...clientFields, clientSecret: text.optional() })),
  { ...exampleClient, clientSecret: '…' },
);

export const clientsAnswer = pageOf('ClientPage', clientAnswer);

export const clientRemovedAnswer = shown('ClientRemoved', z.object(described({ removed: z.literal(1) })), {
  removed: 1 as const,
});
