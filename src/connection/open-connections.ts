import type { Socket } from 'node:net';
import { Connection } from './connection.js';

/** The open connections of a server, with those whose TLS handshake is not complete. */
export class OpenConnections {
  private readonly speaking = new Map<Socket, Connection>();
  /** By the client's address and port, which the socket below a TLS socket has in common with it. */
  private readonly shakingHands = new Map<string, Socket>();

  /** A connection over which HTTP is spoken from now on. */
  open(socket: Socket): void {
    this.shakingHands.delete(peerOf(socket));
    const connection = Connection.open(socket);
    this.speaking.set(socket, connection);
    socket.once('close', () => {
      this.speaking.delete(socket);
      connection.closed();
    });
  }

  /** A connection whose TLS handshake begins. */
  shakeHands(socket: Socket): void {
    const peer = peerOf(socket);
    this.shakingHands.set(peer, socket);
    socket.once('close', () => {
      if (this.shakingHands.get(peer) === socket) this.shakingHands.delete(peer);
    });
  }

  /** Closes the connections whose clients have left an answer unread for this long. */
  closeUnread(unreadMs: number): void {
    const now = performance.now();
    for (const [socket, connection] of this.speaking)
      if (connection.unreadFor(now) >= unreadMs) socket.destroy();
  }

  /**
   * Closes the connections on which no complete request waits for its answer: browsers and pools open some in advance,
   * and attackers stall a handshake, a head or a body. To node they are not idle, and it would wait for them.
   */
  closeSilent(): void {
    for (const [socket, connection] of this.speaking) if (!connection.owesAnAnswer) socket.destroy();
    for (const socket of this.shakingHands.values()) socket.destroy();
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}/${remotePort}`;
}
