import { Injectable } from '@nestjs/common';

/** The only source of the current time, so that tests can replace it. */
@Injectable()
export class Clock {
  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now();
  }
}
