import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';

const QUESTION = 'bo-auth:scrape';
const ANSWER = 'bo-auth:scraped';

/** Longer than the primary waits for its workers, in ms. */
const PATIENCE_MS = 6_000;

/** Concurrent callers share one scrape, so that an attacker who calls thousands of times causes only one. */
export function shareScrape(scrape: () => Promise<string>): () => Promise<string> {
  let underWay: Promise<string> | null = null;
  return () =>
    (underWay ??= scrape().finally(() => {
      underWay = null;
    }));
}

interface Answer {
  readonly type: typeof ANSWER;
  readonly id: number;
  /** `null`: not every worker answered. */
  readonly text: string | null;
}

/**
 * In the primary: answers a worker's request with the sum over all workers, because a scrape reaches only one of them,
 * and a different one each time.
 */
export function answerScrapes(): void {
  const workers = new AggregatorRegistry();
  const scrape = shareScrape(() => workers.clusterMetrics());
  cluster.on('message', (worker: Worker, message: unknown) => {
    if (!isOf<{ id: number }>(QUESTION, message)) return;
    const answer = (text: string | null) => {
      if (worker.isConnected()) worker.send({ type: ANSWER, id: message.id, text } satisfies Answer);
    };
    scrape().then(answer, () => answer(null));
  });
}

/** In a worker: contributes its metrics to {@link answerScrapes}, and requests the sum. */
export class ClusterScrape {
  private asked = 0;
  private readonly waiting = new Map<number, (text: string | null) => void>();

  constructor(registry: Registry) {
    AggregatorRegistry.setRegistries(registry);
    // Makes this worker answer the primary; the object itself is not used.
    void new AggregatorRegistry();
    process.on('message', (message: unknown) => {
      if (isOf<Answer>(ANSWER, message)) this.waiting.get(message.id)?.(message.text);
    });
  }

  /** @throws if a worker does not answer: a partial sum would look like counters that fell */
  async text(): Promise<string> {
    const id = this.asked++;
    let timer: NodeJS.Timeout | undefined;
    const text = await new Promise<string | null>((resolve) => {
      this.waiting.set(id, resolve);
      timer = setTimeout(resolve, PATIENCE_MS, null);
      process.send?.({ type: QUESTION, id });
    });
    clearTimeout(timer);
    this.waiting.delete(id);
    if (text === null) throw new Error('not every worker answered the scrape');
    return text;
  }
}

/** Messages of several libraries share the channel; ours are recognised by their type. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
function isOf<Message>(type: string, message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === type;
}
