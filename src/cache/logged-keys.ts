/**
 * The keys of the copies whose changes the database logs (`database/change-triggers.ts`). An owner id cannot contain
 * `/`, so they are unique.
 */
export function projectKey(ownerId: string): string {
  return `${ownerId}/project`;
}

export function userKey(ownerId: string, userId: string): string {
  return `${ownerId}/user/${userId}`;
}
