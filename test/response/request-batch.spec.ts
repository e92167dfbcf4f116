import { fastify } from 'fastify';
import { AsyncLocalStorage } from 'node:async_hooks';
import { batchRequests } from '../../src/http/request-batch.js';

/** An application, and what its requests have done in which order. */
async function application() {
  const steps: string[] = [];
  const owner = new AsyncLocalStorage<string>();
  const app = fastify();
  // As an agent for tracing does, which begins where the request does.
  app.addHook('onRequest', (request, _reply, done) => owner.run(request.url, done));
  batchRequests(app);
  app.addHook('onRequest', async (request) => {
    steps.push(`asked ${request.url}`);
  });
  app.get('/:name', (request, reply) => {
    steps.push(`answered ${request.url}`);
    void reply.send(owner.getStore());
  });
  await app.ready();
  return { app, steps };
}

it('requests that come together go on side by side, each in its own async context', async () => {
  const { app, steps } = await application();
  const paths = ['/a', '/b', '/c', '/d'];
  const answers = await Promise.all(paths.map((url) => app.inject({ url })));
  expect(answers.map(({ body }) => body)).toEqual(paths);
  expect(steps.slice(0, 4)).toEqual(paths.map((url) => `asked ${url}`));
  await app.close();
});

it('a request that comes alone is answered, and so is the next', async () => {
  const { app } = await application();
  for (const url of ['/a', '/b']) expect((await app.inject({ url })).body).toBe(url);
  await app.close();
});
