import { Injectable } from '@nestjs/common';

/** The only source of the current time, so that tests can replace it. */
@Injectable()
export class Clock {
  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now();
  }

  /** Milliseconds since some moment; no one can set this clock back. */
  monotonic(): number {
    return performance.now();
  }
}
