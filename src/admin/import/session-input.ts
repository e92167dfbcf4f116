import { z } from 'zod';
import { isStrongToken } from './token-strength.js';
import { fields, identifier, text, time } from '../field.js';

/** As many characters as the refresh call takes. */
const TOKEN_MAX = 4096;
const TOKEN_MIN = 16;
const TOKEN_RULE = `must be ${TOKEN_MIN} to ${TOKEN_MAX} characters`;
const STRENGTH_RULE =
  'can be guessed: length × log2(alphabet) must be at least 80, with at least 8 different characters';
const HASH_RULE = 'must be 64 hexadecimal digits';

export const sessionSchema = fields({
  /** The token as its client holds it; only its SHA-256 is stored. */
  refreshToken: z
    .string(TOKEN_RULE)
    .min(TOKEN_MIN, TOKEN_RULE)
    .max(TOKEN_MAX, TOKEN_RULE)
    .refine((value) => !value.includes('\0'), TOKEN_RULE)
    .refine(isStrongToken, STRENGTH_RULE)
    .optional(),
  /** Instead of the token, the SHA-256 of its UTF-8 bytes. */
  refreshTokenSha256: z
    .string(HASH_RULE)
    .regex(/^[0-9a-f]{64}$/i, HASH_RULE)
    .transform((value) => value.toLowerCase())
    .optional(),
  userId: identifier.optional(),
  userName: text(1, 64).optional(),
  /** Absent: the `clientId` of the user. */
  clientId: text(1, 64).optional(),
  /** When the user signed in. Absent: now. */
  createdAt: time.optional(),
  /** The absolute end of the session. Absent or later: `createdAt` plus the project's `absoluteSeconds`. */
  expiresAt: time.optional(),
  ip: text(0, 64).optional(),
  userAgent: text(0, 256).optional(),
})
  .refine(
    ({ refreshToken, refreshTokenSha256 }) =>
      (refreshToken === undefined) !== (refreshTokenSha256 === undefined),
    'must have either refreshToken or refreshTokenSha256',
  )
  .refine(
    ({ userId, userName }) => (userId === undefined) !== (userName === undefined),
    'must have either userId or userName',
  );
export type SessionInput = z.output<typeof sessionSchema>;
