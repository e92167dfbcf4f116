import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const CONNECTION = Symbol('connection');

/** What the server knows of a connection that speaks HTTP, for TLS only after the handshake. */
export class Connection {
  /** The responses to the requests whose headers have arrived and whose answers are not sent yet. */
  readonly inFlight = new Set<ServerResponse>();
  /** The response to the newest request. */
  newest: ServerResponse | null = null;
  /** A refused connection takes no further request. */
  isRefused = false;
  private readBytes = 0;
  private readAt = 0;

  private constructor(private readonly socket: Socket) {}

  static open(socket: Socket): Connection {
    const connection = new Connection(socket);
    (socket as Tagged)[CONNECTION] = connection;
    return connection;
  }

  /** @returns `undefined` before the TLS handshake, and for a request that came over no connection */
  static of(socket: Socket): Connection | undefined {
    return (socket as Tagged)[CONNECTION];
  }

  /** Whether an earlier request, which arrived completely, still waits for its answer. */
  get owesAnAnswer(): boolean {
    return this.inFlight.size > 1 || (this.inFlight.size === 1 && this.newest?.req.complete === true);
  }

  /** Closes the responses that waited for their turn. Node itself closes only the one that the client was about to get. */
  closed(): void {
    for (const response of this.inFlight) {
      if (response.socket !== null) continue;
      response.destroy();
      response.emit('close');
    }
  }

  /** How long the client has read nothing of what is ready for it, in ms, as seen by earlier calls. */
  unreadFor(now: number): number {
    const unread = this.socket.writableLength;
    const read = this.socket.bytesWritten - unread;
    if (unread === 0 || read !== this.readBytes || this.readAt === 0) {
      this.readBytes = read;
      this.readAt = now;
    }
    return now - this.readAt;
  }
}

type Tagged = Socket & { [CONNECTION]?: Connection };

/** Sends these last bytes, and closes the connection even if the client does not. */
export function endConnection(socket: Socket, lastBytes: string, lingerMs: number): void {
  socket.end(lastBytes);
  // Not at once: closing a socket with unread input resets it, and the client would lose the answer.
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}
