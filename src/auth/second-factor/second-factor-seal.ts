import type { Peppers } from '../../config/pepper.js';
import { SecretSeal } from '../../config/secret-seal.js';
import type { Holder } from './second-factor-row.js';

/** Encrypts TOTP secrets for the database, in the form of {@link SecretSeal}. */
export class SecondFactorSeal {
  private readonly secrets: SecretSeal;

  constructor(peppers: Peppers) {
    this.secrets = new SecretSeal(peppers, 'bo-auth second factor at rest, v1');
  }

  /** A row copied to another user cannot be opened. */
  seal(secret: Buffer, { ownerId, userId }: Holder): string {
    return this.secrets.seal(secret, [ownerId, userId]);
  }

  /** @returns the secret, or `null` if its pepper is not configured or the text was changed */
  open(text: string, { ownerId, userId }: Holder): Buffer | null {
    return this.secrets.open(text, [ownerId, userId]);
  }

  /** Whether the text is sealed under a pepper that is no longer the current one. */
  isOutdated(text: string): boolean {
    return this.secrets.isOutdated(text);
  }
}
