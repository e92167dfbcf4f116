/**
 * Every process sees a change within this time in ms, even without a message about it: it is the maximum age of a copy
 * of a system or area, or of a session under `reuse`. A copy of a project or user may be older if the log of changes has
 * been read within this time (`change-log.ts`).
 */
export const STALENESS_MS = 5_000;
