/** The clients that both servers know. */
export const CLIENTS = [
  {
    clientId: 'shop',
    type: 'confidential',
    grants: ['password', 'refresh_token', 'client_credentials'],
    scopes: ['a', 'b'],
    dpop: 'optional',
  },
  {
    clientId: 'other',
    type: 'confidential',
    grants: ['password', 'refresh_token', 'client_credentials'],
    scopes: ['a', 'b'],
    dpop: 'optional',
  },
  {
    clientId: 'page',
    type: 'public',
    grants: ['password', 'refresh_token'],
    scopes: ['a', 'b'],
    dpop: 'optional',
  },
  {
    clientId: 'strict',
    type: 'confidential',
    grants: ['client_credentials'],
    scopes: ['a'],
    dpop: 'required',
  },
] as const;
