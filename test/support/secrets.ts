/** Secrets that production accepts. */
export const STRONG_SECRETS = {
  JWT_SECRET: 'jwt-secret-of-the-tests-0123456789',
  TOKEN_PEPPER: 'token-pepper-of-the-tests-0123456789',
} as const;
