import cluster from 'node:cluster';

/** Names the process that forked a worker of ours. */
const FORKED_BY = 'BO_AUTH_WORKER_OF';

/** What the primary adds to a worker's environment. */
export function workerEnvironment(): Record<string, string> {
  return { [FORKED_BY]: String(process.pid) };
}

/**
 * Whether our own primary forked this process. `cluster.isWorker` alone does not tell: process managers such as pm2 run
 * a service under their own cluster, whose primary prepares no database and answers none of our messages.
 */
export const isOwnWorker: boolean = cluster.isWorker && process.env[FORKED_BY] === String(process.ppid);
