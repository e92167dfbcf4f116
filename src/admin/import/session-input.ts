import { z } from 'zod';
import { fields, identifier, text } from '../field.js';

const TIME_RULE = 'must be ISO 8601 with an offset, or milliseconds since the epoch';
const LAST_MS = Date.UTC(9999, 11, 31);

const time = z
  .union([z.iso.datetime({ offset: true }), z.number(), z.string().regex(/^\d{13}$/)], TIME_RULE)
  .transform((value) => (typeof value === 'string' && /\D/.test(value) ? Date.parse(value) : Number(value)))
  .refine((ms) => Number.isSafeInteger(ms) && ms >= 0 && ms <= LAST_MS, TIME_RULE);

const TOKEN_RULE = 'must be 1 to 512 characters';
const HASH_RULE = 'must be 64 hexadecimal digits';

export const sessionSchema = fields({
  /** The token as its client holds it; only its SHA-256 is stored. */
  refreshToken: z
    .string(TOKEN_RULE)
    .min(1, TOKEN_RULE)
    .max(512, TOKEN_RULE)
    .refine((value) => !value.includes('\0'), TOKEN_RULE)
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
  /** The absolute end of the session. Absent: `createdAt` plus the project's `absoluteSeconds`. */
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
