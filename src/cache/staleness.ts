/**
 * How old a copy of a project, user, system or area, or of a session under `reuse`, may be and still be
 * believed, in ms. A change is seen by every process within this time even where nothing tells it.
 */
export const STALENESS_MS = 5_000;
