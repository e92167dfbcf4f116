/** Format of a project id (`XownerId`). */
export const OWNER_ID = /^[A-Za-z0-9._-]{1,64}$/;
