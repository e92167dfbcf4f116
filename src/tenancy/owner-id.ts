/** `XownerId`: what a project may be called. */
export const OWNER_ID = /^[A-Za-z0-9._-]{1,64}$/;
