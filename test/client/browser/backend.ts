import { join } from 'node:path';
import { sqliteRows } from '../../history/rows.js';
import { startApp } from '../../support/app.js';
import { newFolder, ServiceProcess } from '../../support/service-process.js';

/** The service that the tabs talk to. */
export interface Backend {
  readonly port: () => number;
  /** Ends it as a crash does, and starts it again; `null` if it cannot. */
  readonly crash: (() => Promise<void>) | null;
  close(): Promise<void>;
}

export interface Lifetimes {
  readonly accessSeconds: number;
  readonly graceSeconds: number;
}

const SHORTEN = "UPDATE bo_project SET access_token_seconds = $1, grace_seconds = $2 WHERE owner_id = 'acme'";

/** In this process. */
export async function applicationBackend({ accessSeconds, graceSeconds }: Lifetimes): Promise<Backend> {
  const service = await startApp({ LOG_LEVEL: 'fatal' });
  await service.sql(SHORTEN, accessSeconds, graceSeconds);
  await service.app.listen(0, '127.0.0.1');
  const port = Number(new URL(await service.app.getUrl()).port);
  return { port: () => port, crash: null, close: () => service.close() };
}

/** The built service in a process of its own, which `kill -9` ends. */
export async function processBackend({ accessSeconds, graceSeconds }: Lifetimes): Promise<Backend> {
  const folder = newFolder();
  const file = join(folder, 'check.sqlite');
  const environment = { DATABASE_URL: `sqlite:${file}`, LOG_LEVEL: 'info' };
  let service = await ServiceProcess.start(environment, { folder });
  await service.kill('SIGKILL');
  const rows = await sqliteRows(file);
  await rows.all(SHORTEN, [accessSeconds, graceSeconds]);
  await rows.close();
  const { port } = service;
  const start = async () => {
    service = await ServiceProcess.start({ ...environment, PORT: String(port) }, { folder });
  };
  await start();
  return {
    port: () => port,
    crash: async () => {
      await service.kill('SIGKILL');
      await start();
    },
    close: async () => void (await service.kill('SIGTERM')),
  };
}
