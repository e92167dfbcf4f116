import { z } from 'zod';
import { USER_DEFAULTS } from './user-input.js';
import type { UserView } from './user-view.js';
import { AT, pageOf, shown, status, text, texts, time } from '../admin-answer.js';
import { described } from '../field-text.js';

export const userAnswer = shown<UserView>(
  'UserView',
  z.object(
    described({
      userId: text,
      userName: text,
      status,
      clientId: text,
      pushName: text,
      roleId: texts,
      depId: texts,
      areaCode: texts,
      jobId: texts,
      sysId: texts,
      mergeUserId: texts,
      developer: z.literal([0, 1]),
      openId: text,
      wbId: text,
      wxOpenId: text,
      wxUnionId: text,
      telephone: text,
      headIcon: text,
      secondFactorEnrolled: z.boolean(),
      mustChangePassword: z.boolean(),
      passwordSetAt: time.nullable(),
      validAfter: time.nullable(),
      createdAt: time,
    }),
  ),
  {
    ...USER_DEFAULTS,
    developer: 0,
    userId: 'carol',
    userName: 'carol',
    status: 'active',
    clientId: 'shop-web',
    pushName: 'Carol',
    secondFactorEnrolled: false,
    mustChangePassword: false,
    passwordSetAt: AT,
    validAfter: null,
    createdAt: AT,
  },
);

export const usersAnswer = pageOf('UserPage', userAnswer);

export const unlockedAnswer = shown('UserUnlocked', z.object(described({ unlocked: z.literal(true) })), {
  unlocked: true as const,
});

export const resetAnswer = shown('SecondFactorReset', z.object(described({ reset: z.boolean() })), {
  reset: true,
});
