// Answers nginx whether the access token of a request is good: 204 with the user's id, or the refusal.
import { createVerifier } from '@bo-auth/resource-server';
import { createServer } from 'node:http';

const { BO_AUTH_URL: url, BO_AUTH_PROJECT: ownerId, BO_AUTH_CLIENT, BO_AUTH_SECRET, PORT } = process.env;
const verifier = createVerifier({
  url,
  ownerId,
  feed: { clientId: BO_AUTH_CLIENT, clientSecret: BO_AUTH_SECRET },
  onError: (error) => process.emitWarning(error),
});

async function answer({ headers }, response) {
  try {
    const auth = await verifier.authenticate({
      method: headers['x-original-method'],
      url: headers['x-original-uri'],
      headers,
    });
    // A service is no user: its `sub` is the id of a client.
    const { userId = '', clientId } = auth;
    response
      .writeHead(204, { 'X-User': encodeURIComponent(userId), 'X-Client': encodeURIComponent(clientId) })
      .end();
  } catch ({ status, headers }) {
    response.writeHead(status, headers).end();
  }
}

createServer((request, response) => void answer(request, response)).listen(Number(PORT), '127.0.0.1');
