import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { API, encryptByDES, SAMPLE_TOKEN } from '../support/app.js';
import { endAll, newFolder, ServiceProcess } from '../support/service-process.js';

afterAll(endAll);

it('a rejection that nobody handles ends the process in order, without the text of the error', async () => {
  const plugins = newFolder();
  writeFileSync(
    join(plugins, 'fn-late.js'),
    `module.exports = (data, { ownerId }) => {
      if (ownerId !== 'sample') void Promise.reject(new TypeError('no room for ' + data.refreshToken));
      return data;
    };`,
  );
  const server = await ServiceProcess.spawn({ PLUGINS_DIR: plugins });
  const url = await server.listening();
  const answer = await fetch(`${url}${API}/auth/token/refresh?refreshToken=${SAMPLE_TOKEN}&_nodejs=late`, {
    headers: { XownerId: 'ptdev', XverifyApi: encryptByDES(randomUUID(), 'ptdev-58') },
  });
  // The request in flight gets its answer.
  const body = (await answer.json()) as { data: { refreshToken: string } };
  expect(answer.status).toBe(200);
  expect(await server.exited).toEqual({ code: 1, signal: null });
  expect(server.lines()).toContainEqual(
    expect.objectContaining({
      level: 'fatal',
      origin: 'unhandledRejection',
      error: 'TypeError at fn-late.js:2',
    }),
  );
  expect(server.stdout + server.stderr).not.toContain(body.data.refreshToken);
  expect(server.stderr).toBe('');
}, 60_000);
