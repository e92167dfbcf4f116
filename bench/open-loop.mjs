// @ts-check

/** @typedef {import('./virtual-users.mjs').VirtualUser} VirtualUser */

/**
 * Sends requests when they are due, whatever the server does: a server that is slow gets no fewer of them. A request that
 * finds no idle connection waits for one; its wait is part of its latency.
 *
 * @param {object} options
 * @param {import('./connection.mjs').Connection[]} options.connections
 * @param {VirtualUser[]} options.users who take turns; at least as many as connections
 * @param {() => number} options.gap ms until the next request is due
 * @param {(again: () => void) => void} options.pause until it looks again whether a request is due
 * @param {(elapsed: number) => boolean} options.isOver ms since the start
 * @param {(user: VirtualUser, answer: import('./connection.mjs').Answer, latency: number) => void} options.onAnswer
 * @returns {Promise<void>} resolves when every response has arrived
 */
export function openLoop({ connections, users, gap, pause, isOver, onAnswer }) {
  const idle = [...connections];
  const resting = [...users];
  /** @type {number[]} when the requests that wait for a connection were due */
  const late = [];
  let unanswered = 0;
  /** @param {number} due */
  const request = (due) => {
    const connection = idle.shift();
    if (connection === undefined) {
      late.push(due);
      return;
    }
    const user = resting.shift();
    if (user === undefined) throw new RangeError('fewer users than connections');
    connection.send(user.request(), (answer) => {
      unanswered--;
      onAnswer(user, answer, performance.now() - due);
      idle.push(connection);
      resting.push(user);
      const next = late.shift();
      if (next !== undefined) request(next);
    });
  };
  const begun = performance.now();
  let due = begun;
  return new Promise((resolve) => {
    const turn = () => {
      const now = performance.now();
      const over = isOver(now - begun);
      for (const until = over ? -Infinity : now; due <= until; due += gap()) {
        unanswered++;
        request(due);
      }
      if (over && unanswered === 0) resolve();
      else pause(turn);
    };
    turn();
  });
}
