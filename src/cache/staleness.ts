/**
 * The maximum age in ms of a copy of a project, user, system or area, or of a session under `reuse`. Every process sees
 * a change within this time, even without a message about it.
 */
export const STALENESS_MS = 5_000;
