import { Secret, TOTP } from 'otpauth';

/** What every authenticator app supports: SHA-1, six digits, a new code every 30 seconds. */
const PARAMETERS = { algorithm: 'SHA1', digits: 6, period: 30 } as const;

/** The clocks of user and server may differ by one step. @see RFC 6238 §5.2 */
const DRIFT_STEPS = 1;

const SECRET_BYTES = 20;

/** @see RFC 4226 §4 R6: 160 bits */
export function newTotpSecret(): Buffer {
  return Buffer.from(new Secret({ size: SECRET_BYTES }).bytes);
}

/** The secret as users type it into an authenticator app. */
export function base32(secret: Buffer): string {
  return secretOf(secret).base32;
}

/**
 * What a QR code for authenticator apps contains.
 *
 * @see https://github.com/google/google-authenticator/wiki/Key-Uri-Format
 */
export function otpauthUri(secret: Buffer, issuer: string, userName: string): string {
  // Apps split the label at the first colon, even if it is encoded.
  const names = { issuer: issuer.replaceAll(':', ' '), label: userName };
  return new TOTP({ ...PARAMETERS, ...names, secret: secretOf(secret) }).toString();
}

/**
 * @param now in ms since the epoch
 * @returns the time step of the code, or `null` if it is the code of none that is accepted now
 */
export function stepOf(code: string, secret: Buffer, now: number): number | null {
  const delta = TOTP.validate({
    ...PARAMETERS,
    token: code,
    secret: secretOf(secret),
    timestamp: now,
    window: DRIFT_STEPS,
  });
  return delta === null ? null : TOTP.counter({ period: PARAMETERS.period, timestamp: now }) + delta;
}

function secretOf(secret: Buffer): Secret {
  return new Secret({ buffer: Uint8Array.from(secret).buffer });
}
