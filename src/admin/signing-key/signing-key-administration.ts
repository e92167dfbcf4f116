import { Injectable } from '@nestjs/common';
import { writeEvent } from '../../audit/audit-trail.js';
import { administrationEvent, type AdministrationEventKind } from '../../audit/auth-event.js';
import { type Alongside, MAX_KEYS, SigningKeys } from '../../auth/access-token/signing-keys.js';
import { Clock } from '../../config/clock.js';
import { errors } from '../../response/error/error-catalogue.js';
import { type Administrator, assertAdministers } from '../administrator.js';
import { ProjectAdministration } from '../project/project-administration.js';
import type { NewSigningKey, SigningKeyStep } from './signing-key-input.js';
import { type SigningKeyView, signingKeyView } from './signing-key-view.js';

/** Manages the signing keys of a project. Each step writes an audit event. */
@Injectable()
export class SigningKeyAdministration {
  constructor(
    private readonly clock: Clock,
    private readonly projects: ProjectAdministration,
    private readonly keys: SigningKeys,
  ) {}

  /** All keys, oldest first. If none is signing, the project signs with HS256. @throws ADMIN_PROJECT_UNKNOWN */
  async list(administrator: Administrator, ownerId: string): Promise<{ items: SigningKeyView[] }> {
    await this.projects.show(administrator, ownerId);
    return { items: (await this.keys.list(ownerId)).map(signingKeyView) };
  }

  /** Creates a key that is published but does not sign yet. @throws ADMIN_PROJECT_UNKNOWN, SIGNING_KEY_CONFLICT */
  async publish(
    administrator: Administrator,
    ownerId: string,
    { algorithm }: NewSigningKey,
  ): Promise<SigningKeyView> {
    assertAdministers(administrator, ownerId);
    const also = this.audited('signing-key-published', administrator);
    const published = await this.keys.publish(ownerId, algorithm, also);
    if (published.kind === 'unknown-project') throw errors.ADMIN_PROJECT_UNKNOWN();
    if (published.kind === 'too-many')
      throw conflict(`The project has ${MAX_KEYS} keys that are not retired. Retire one first.`);
    return signingKeyView(published.key);
  }

  /** Makes a published key sign. @throws SIGNING_KEY_UNKNOWN, SIGNING_KEY_CONFLICT, SIGNING_KEY_TOO_EARLY */
  async promote(
    administrator: Administrator,
    ownerId: string,
    kid: string,
    { force }: SigningKeyStep,
  ): Promise<SigningKeyView> {
    assertAdministers(administrator, ownerId);
    const also = this.audited('signing-key-promoted', administrator, force);
    const promoted = await this.keys.promote(ownerId, kid, { force, also });
    if (promoted.kind === 'unknown') throw errors.SIGNING_KEY_UNKNOWN();
    if (promoted.kind === 'already-signing') throw conflict('The key is already signing.');
    if (promoted.kind === 'retired') throw conflict('The key is retired. Publish another one.');
    if (promoted.kind === 'too-early')
      throw tooEarly(promoted.at, 'until then a verifier may still have a key set without the key');
    return signingKeyView(promoted.key);
  }

  /** Makes the project sign with HS256 again. @throws SIGNING_KEY_UNKNOWN, SIGNING_KEY_CONFLICT */
  async demote(administrator: Administrator, ownerId: string, kid: string): Promise<SigningKeyView> {
    assertAdministers(administrator, ownerId);
    const also = this.audited('signing-key-demoted', administrator);
    const demoted = await this.keys.demote(ownerId, kid, { also });
    if (demoted.kind === 'unknown') throw errors.SIGNING_KEY_UNKNOWN();
    if (demoted.kind === 'not-signing') throw conflict('The key is not signing.');
    return signingKeyView(demoted.key);
  }

  /** Retires a key that no longer signs. @throws SIGNING_KEY_UNKNOWN, SIGNING_KEY_CONFLICT, SIGNING_KEY_TOO_EARLY */
  async retire(
    administrator: Administrator,
    ownerId: string,
    kid: string,
    { force }: SigningKeyStep,
  ): Promise<SigningKeyView> {
    assertAdministers(administrator, ownerId);
    const also = this.audited('signing-key-retired', administrator, force);
    const retired = await this.keys.retire(ownerId, kid, { force, also });
    if (retired.kind === 'unknown') throw errors.SIGNING_KEY_UNKNOWN();
    if (retired.kind === 'already-retired') throw conflict('The key is already retired.');
    if (retired.kind === 'still-signing')
      throw conflict('The key is signing. Promote another key or demote this one first.');
    if (retired.kind === 'too-early')
      throw tooEarly(retired.at, 'until then tokens that it signed may be valid');
    return signingKeyView(retired.key);
  }

  private audited(kind: AdministrationEventKind, administrator: Administrator, force = false): Alongside {
    return (transaction, { ownerId, kid, algorithm }) => {
      const detail = { kid, algorithm, ...(force && { force: 'true' }) };
      const event = administrationEvent(kind, administrator, { ownerId }, this.clock.now(), detail);
      return writeEvent(transaction, event);
    };
  }
}

const conflict = (text: string) => errors.SIGNING_KEY_CONFLICT({ text });

const tooEarly = (at: number, why: string) =>
  errors.SIGNING_KEY_TOO_EARLY({ text: `Not before ${new Date(at).toISOString()}: ${why}.` });
