import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Envelope } from '../../src/response/envelope/envelope.js';
import { API, encryptByDES, SAMPLE_TOKEN } from '../support/app.js';
import { eventually } from '../support/temporary.js';
import { endAll, newFolder, ServiceProcess } from '../support/service-process.js';

afterAll(endAll);

let server: ServiceProcess;
let url: string;
beforeAll(async () => {
  const plugins = newFolder();
  const plugin = (name: string, text: string) =>
    writeFileSync(
      join(plugins, `fn-${name}.js`),
      `module.exports = (data, { ownerId }) => {
        if (ownerId !== 'sample') ${text};
        return data;
      };`,
    );
  plugin('exit', 'process.exit(0)');
  plugin('quiet', 'try { process.exit(0) } catch {}');
  plugin('late', `void Promise.reject(new TypeError('no room for ' + data.refreshToken))`);
  server = await ServiceProcess.spawn({ PLUGINS_DIR: plugins });
  url = await server.listening();
}, 120_000);

const refreshBy = async (plugin: string) => {
  const answer = await fetch(
    `${url}${API}/auth/token/refresh?refreshToken=${SAMPLE_TOKEN}&_nodejs=${plugin}`,
    { headers: { XownerId: 'ptdev', XverifyApi: encryptByDES(randomUUID(), 'ptdev-58') } },
  );
  const body = (await answer.json()) as Envelope<{ refreshToken: string }>;
  return { status: answer.status, body };
};

it('a plugin that calls process.exit fails, and the process goes on', async () => {
  const failed = await refreshBy('exit');
  expect([failed.status, failed.body.error.errorCode]).toEqual([500, 'PLUGIN_FAILED']);
  expect((await refreshBy('quiet')).status).toBe(200);
  for (const name of ['exit', 'quiet'])
    await eventually(name, () => server.count(`fn-${name}.js:2 called process.exit: refused`) > 0);
});

it('a rejection that nobody handles ends the process in order, without the text of the error', async () => {
  // The request in flight gets its answer.
  const { status, body } = await refreshBy('late');
  expect(status).toBe(200);
  expect(await server.exited).toEqual({ code: 1, signal: null });
  expect(server.lines()).toContainEqual(
    expect.objectContaining({
      level: 'fatal',
      origin: 'unhandledRejection',
      error: 'TypeError at fn-late.js:2',
    }),
  );
  expect(server.stdout + server.stderr).not.toContain(body.data?.refreshToken);
  expect(server.stderr).toBe('');
}, 60_000);
