import { Inject, Injectable } from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import { Registry } from 'prom-client';
import { ClusterScrape, shareScrape } from '../cluster/scrape.js';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { isOwnWorker } from '../config/own-worker.js';
import { Metrics } from './metrics.js';

const BEARER = /^Bearer +(\S{1,8192})$/i;

export interface ScrapeAnswer {
  readonly status: 200 | 401;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const UNAUTHORIZED: ScrapeAnswer = {
  status: 401,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'www-authenticate': 'Bearer realm="metrics"' },
  body: 'Send the METRICS_TOKEN as Authorization: Bearer <token>.\n',
};

/** Answers scrapes, of all workers together, and asks for `METRICS_TOKEN` if it is set. */
@Injectable()
export class Scrape {
  private readonly text: () => Promise<string>;
  private readonly tokenHash: Buffer | null;

  constructor({ registry }: Metrics, @Inject(CONFIG) { metricsToken }: Config) {
    const cluster = isOwnWorker ? new ClusterScrape(registry) : null;
    this.text = shareScrape(() => cluster?.text() ?? registry.metrics());
    this.tokenHash = metricsToken === null ? null : sha256(metricsToken);
  }

  /** @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
  async answer(authorization: string | undefined): Promise<ScrapeAnswer> {
    if (!this.isAllowed(authorization)) return UNAUTHORIZED;
    const headers = { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE };
    return { status: 200, headers, body: await this.text() };
  }

  /** @see RFC 6750 §2.1 */
  private isAllowed(authorization: string | undefined): boolean {
    if (this.tokenHash === null) return true;
    const token = BEARER.exec(authorization ?? '')?.[1];
    return token !== undefined && timingSafeEqual(sha256(token), this.tokenHash);
  }
}

function sha256(token: string): Buffer {
  return createHash('sha256').update(token, 'latin1').digest();
}
