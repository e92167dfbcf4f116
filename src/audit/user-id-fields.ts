import type { EventDetail } from './auth-event.js';

/**
 * The fields of an event's detail that hold a user id. The `clientId` is one of them because a user's logins without a
 * `clientId` get the user's own, which is the user id unless it was set.
 *
 * The HMACs of sealed events depend on this list: add a field together with the first event that has it, and remove none.
 */
const USER_ID_FIELDS = ['byUserId', 'firstShareUserId', 'secondShareUserId', 'clientId'] as const;

/** Replaces the user ids of a detail, and keeps the order of its fields. */
export function withUserIds(detail: EventDetail, replace: (userId: string) => string): EventDetail {
  const replaced: Record<string, EventDetail[string]> = { ...detail };
  for (const field of USER_ID_FIELDS) {
    const userId = detail[field];
    if (typeof userId === 'string') replaced[field] = replace(userId);
  }
  return replaced;
}
