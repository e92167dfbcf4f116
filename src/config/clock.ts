import { Injectable } from '@nestjs/common';

/** The one place that asks for the time, so that tests can say what it is. */
@Injectable()
export class Clock {
  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now();
  }
}
