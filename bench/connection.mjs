// @ts-check
/**
 * A minimal keep-alive HTTP/1.1 connection, because the client of `node:http` uses as much CPU as the servers measured
 * here. Responses must have a Content-Length; one request is in flight at a time.
 */
import net from 'node:net';
import tls from 'node:tls';

/**
 * @typedef {object} Answer
 * @property {number} status 0: the connection ended without a response
 * @property {string} head status line and headers
 * @property {string} body
 */

const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
/** @type {Buffer} */
const EMPTY = Buffer.alloc(0);

export class Connection {
  #socket;
  /** @type {Buffer} */
  #pending = EMPTY;
  /** @type {((answer: Answer) => void) | null} */
  #waiting = null;

  #isOpen;

  /**
   * @param {number} port on 127.0.0.1
   * @param {boolean} [secure] over TLS, with whatever certificate the server has
   */
  constructor(port, secure = false) {
    const address = { port, host: '127.0.0.1', noDelay: true };
    this.#socket = secure ? tls.connect({ ...address, rejectUnauthorized: false }) : net.connect(address);
    this.#isOpen = secure ? 'secureConnect' : 'connect';
    this.#socket.on('data', (/** @type {Buffer} */ chunk) => this.#read(chunk));
    this.#socket.on('error', (error) => this.#end(String(error)));
    this.#socket.on('close', () => this.#end('closed'));
  }

  /** @returns {Promise<void>} */
  opened() {
    return new Promise((resolve, reject) => {
      this.#socket.once(this.#isOpen, resolve);
      this.#socket.once('error', reject);
    });
  }

  /**
   * @param {string} request the whole request, ASCII
   * @param {(answer: Answer) => void} onAnswer
   */
  send(request, onAnswer) {
    this.#waiting = onAnswer;
    if (this.#socket.destroyed) this.#end('closed');
    else this.#socket.write(request, 'latin1');
  }

  close() {
    this.#socket.destroy();
  }

  /** @param {Buffer} chunk */
  #read(chunk) {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd < 0) {
      this.#pending = bytes;
      return;
    }
    const head = bytes.toString('latin1', 0, headEnd);
    const length = CONTENT_LENGTH.exec(head)?.[1];
    if (length === undefined) {
      this.#end(`no Content-Length in: ${head}`);
      return;
    }
    const bodyStart = headEnd + HEAD_END.length;
    const bodyEnd = bodyStart + Number(length);
    if (bytes.length < bodyEnd) {
      this.#pending = bytes;
      return;
    }
    this.#pending = EMPTY;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.({ status: Number(head.slice(9, 12)), head, body: bytes.toString('utf8', bodyStart, bodyEnd) });
  }

  /** @param {string} reason */
  #end(reason) {
    this.#socket.destroy();
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.({ status: 0, head: reason, body: '' });
  }
}
