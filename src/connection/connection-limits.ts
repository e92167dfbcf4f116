/** How much of this process a single connection may hold. Tests shorten the times. */
export interface ConnectionLimits {
  /** How long a TLS handshake may take, in ms. */
  readonly handshakeMs: number;
  /** How long the headers, and the whole request with its body, may take to arrive, in ms. */
  readonly requestMs: number;
  /** How often late requests and unread answers are looked for, in ms. It adds to both of their times. */
  readonly checkMs: number;
  /** How long a client may leave an answer unread before its connection is closed, in ms. */
  readonly unreadMs: number;
  /** How long a client whose connection was refused has to read why and to close it, in ms. */
  readonly lingerMs: number;
  /** Requests that a client may send on one connection ahead of their answers (pipelining). */
  readonly requestsInFlight: number;
  /** Bytes of answers that may wait for the client while it sends yet another request. */
  readonly unreadBytes: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  handshakeMs: 10_000,
  requestMs: 30_000,
  checkMs: 2_000,
  unreadMs: 30_000,
  lingerMs: 1_000,
  requestsInFlight: 64,
  unreadBytes: 1024 * 1024,
};
