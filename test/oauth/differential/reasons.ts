/** Reasons that several rows have in common. */
export const NO_AUTHENTICATION =
  'RFC 6749 §5.2 names “no client authentication included” under `invalid_client`.';
export const ILL_FORMED =
  'Authentication by a header that cannot be read has failed. RFC 6749 §5.2: 401, with the scheme that is accepted.';
export const CHALLENGE = 'RFC 7617 defines no `error` for the Basic scheme; it is in the body.';
export const METHOD = 'The path exists: 405 with `Allow`, and the error as JSON like all others.';
