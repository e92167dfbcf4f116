import type { AccessTokenClaims } from '../../auth/access-token/access-token.js';

export interface DecodedJwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Partial<AccessTokenClaims>;
}

/** The two readable parts, unverified. */
export function decodedJwt(text: string): DecodedJwt | null {
  const parts = text.split('.');
  if (parts.length !== 3) return null;
  const [header, claims] = parts.slice(0, 2).map(decodedPart);
  return header && claims ? { header, claims } : null;
}

function decodedPart(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

export function times({ iat, exp }: Partial<AccessTokenClaims>): Record<string, string> {
  return {
    ...(typeof iat === 'number' && { issuedAt: iso(iat * 1000) }),
    ...(typeof exp === 'number' && { expiresAt: iso(exp * 1000) }),
  };
}

export function iso(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? 'no time' : date.toISOString();
}
