import { createHash } from 'node:crypto';
import { parseRefreshToken } from '../../src/auth/refresh-token/refresh-token.js';
import { errors } from '../../src/response/error/error-catalogue.js';

/**
 * How a chain calls. `documented`: as the documentation of the token API says. `mixed`: a public client that uses the
 * documented calls and the standard endpoints in turns, on one session. `page`: a public client at the standard endpoints
 * alone. `service`: a confidential client.
 */
export type Manner = 'documented' | 'mixed' | 'page' | 'service';

/** The registered clients. Each project of the terrain has them. */
export const PAGE = 'history-page';
export const SERVICE = 'history-service';
/** The checker's own, on databases of its own. */
export const SERVICE_SECRET = 'the-secret-of-the-history-checker-alone';

export const SERVICE_SECRET_HASH = createHash('sha256').update(SERVICE_SECRET).digest('hex');

const FORM = 'application/x-www-form-urlencoded';

interface FormRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request to a standard endpoint, by the service or by the page. */
export function formRequest(
  ownerId: string,
  endpoint: 'token' | 'revoke',
  byService: boolean,
  form: Readonly<Record<string, string>>,
): FormRequest {
  const pair = Buffer.from(`${SERVICE}:${SERVICE_SECRET}`).toString('base64');
  const body = new URLSearchParams(byService ? form : { ...form, client_id: PAGE }).toString();
  return {
    path: `/bo/api/v3/oauth/${ownerId}/${endpoint}`,
    headers: {
      'Content-Type': FORM,
      'Content-Length': String(Buffer.byteLength(body)),
      ...(byService && { Authorization: `Basic ${pair}` }),
    },
    body,
  };
}

/**
 * The status by which the checker judges a failure: that of the documented call. 400 `invalid_grant` is its 401, and 503
 * for a superseded token its 409.
 */
export function documentedStatus(status: number, error: unknown, description: unknown): number {
  if (status === 400 && (error === 'invalid_grant' || error === 'invalid_dpop_proof')) return 401;
  const isSuperseded = description === errors.REFRESH_TOKEN_SUPERSEDED().message;
  return status === 503 && isSuperseded ? 409 : status;
}

/** The number of a token, which the standard endpoints do not say: each displaced sibling before it had one of its own. */
export function numberAfter(
  presented: { readonly refreshToken: string; readonly tokenSeq: number } | undefined,
  answered: string,
): number {
  if (presented === undefined) return 1;
  if (presented.refreshToken === answered) return presented.tokenSeq;
  return presented.tokenSeq + 1 + (parseRefreshToken(answered)?.branch ?? 0);
}
