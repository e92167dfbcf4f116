import { z } from 'zod';
import type { AdministeredSession } from './user-sessions.js';
import { AT, shown, text, time } from '../admin-answer.js';
import { described } from '../field-text.js';

export const sessionsAnswer = shown<{ items: AdministeredSession[] }>(
  'AdministeredSessionList',
  z.object(
    described({
      items: z.array(
        z.object(
          described({
            sessionId: text,
            clientId: text,
            createdAt: time,
            lastRefreshedAt: time,
            expiresAt: time,
            ip: text,
            userAgent: text,
          }),
        ),
      ),
    }),
  ),
  {
    items: [
      {
        sessionId: '7f3a9c02d4e1b865',
        clientId: 'shop-web',
        createdAt: AT,
        lastRefreshedAt: AT,
        expiresAt: AT,
        ip: '192.0.2.10',
        userAgent: 'Mozilla/5.0',
      },
    ],
  },
);

export const endedAnswer = shown('SessionsEnded', z.object(described({ ended: z.int() })), { ended: 1 });
