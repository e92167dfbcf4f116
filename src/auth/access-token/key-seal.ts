import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { Peppers } from '../../config/pepper.js';
import { SecretSeal } from '../../config/secret-seal.js';

/** What a sealed key is bound to; it cannot be opened for anything else. */
export interface SealedFor {
  readonly ownerId: string;
  /** The thumbprint of the public key. */
  readonly kid: string;
  readonly algorithm: string;
}

/** Encrypts private keys for the database, in the form of {@link SecretSeal}. */
export class KeySeal {
  private readonly secrets: SecretSeal;

  constructor(peppers: Peppers) {
    this.secrets = new SecretSeal(peppers, 'bo-auth signing key at rest, v1');
  }

  seal(privateKey: KeyObject, sealedFor: SealedFor): string {
    const der = privateKey.export({ format: 'der', type: 'pkcs8' });
    const sealed = this.secrets.seal(der, bound(sealedFor));
    der.fill(0);
    return sealed;
  }

  /** @returns the private key, or `null` if its pepper is not configured or the text was changed */
  open(text: string, sealedFor: SealedFor): KeyObject | null {
    const der = this.secrets.open(text, bound(sealedFor));
    if (der === null) return null;
    try {
      return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    } catch {
      return null;
    } finally {
      der.fill(0);
    }
  }

  /** Whether the text is sealed under a pepper that is no longer the current one. */
  isOutdated(text: string): boolean {
    return this.secrets.isOutdated(text);
  }
}

/** A row copied to another project, or with a changed algorithm, cannot be opened. */
function bound({ ownerId, kid, algorithm }: SealedFor): readonly string[] {
  return [ownerId, kid, algorithm];
}
