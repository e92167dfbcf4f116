import { type Channel, channel } from 'node:diagnostics_channel';

/**
 * News that one part of the service tells and any other may listen to, so that who does the work need not know who
 * counts it. It stands beside its teller, and costs a few nanoseconds while nobody listens.
 *
 * A listener runs at once, in the teller's way, and must not throw. The news is the process's: two applications
 * in one process hear each other's.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html
 */
export class Topic<News> {
  private readonly channel: Channel;

  constructor(name: `bo-auth:${string}`) {
    this.channel = channel(name);
  }

  tell(news: News): void {
    this.channel.publish(news);
  }

  /** @returns what ends the listening */
  listen(listener: (news: News) => void): () => void {
    const heard = (news: unknown): void => listener(news as News);
    this.channel.subscribe(heard);
    return () => {
      this.channel.unsubscribe(heard);
    };
  }
}
