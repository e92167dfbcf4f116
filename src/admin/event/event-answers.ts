import { z } from 'zod';
import type { EventView } from './event-log.js';
import { AT, pageOf, shown, text, time } from '../admin-answer.js';
import { described } from '../field-text.js';

const event = shown<EventView>(
  'EventView',
  z.object(
    described({
      id: z.int(),
      at: time,
      ownerId: text,
      userId: text,
      sessionId: text
        .nullable()
        .describe('The session id. null: the event concerns all sessions of the user, or none.'),
      kind: text as unknown as z.ZodType<EventView['kind']>,
      detail: z.record(text, z.union([text, z.number(), z.null()])),
    }),
  ),
  {
    id: 1,
    at: AT,
    ownerId: 'shop',
    userId: 'carol',
    sessionId: '7f3a9c02d4e1b865',
    kind: 'login',
    detail: { ip: '192.0.2.10' },
  },
);

export const eventsAnswer = pageOf('EventPage', event);
