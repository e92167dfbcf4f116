import * as jose from 'jose';
import type { EventView } from '../../src/admin/event/event-log.js';
import type { Page } from '../../src/response/page.js';
import type { SigningKeyView } from '../../src/admin/signing-key/signing-key-view.js';
import { type Answer } from '../support/app.js';
import { asOperator, data, newProject, loginTo, startAdministration } from './administration.js';

startAdministration();

describe('signing keys', () => {
  it('are rotated step by step, each audited, and a step that is too early is refused with the time at which it is possible', async () => {
    const project = await newProject();
    const keys = `/projects/${project.ownerId}/signing-keys`;
    const refusal = ({ status, body }: Answer) => `${status} ${body.error.errorCode}`;
    const step = (kid: string, name: string, payload: object = {}) =>
      asOperator<SigningKeyView>('POST', `${keys}/${kid}/${name}`, payload);
    await asOperator('POST', `/projects/${project.ownerId}/users`, {
      userId: 'u',
      userName: 'u',
      password: 'u-password',
    });
    const signedBy = async () => {
      const answer = await loginTo(project, 'u', 'u-password');
      return jose.decodeProtectedHeader(data(answer).accessToken).kid;
    };
    const hs256 = await signedBy();

    const made = await asOperator<SigningKeyView>('POST', keys, { algorithm: 'RS256' });
    expect([made.status, data(made)]).toMatchObject([201, { algorithm: 'RS256', status: 'published' }]);
    expect(made.text).not.toMatch(/private|"[dpqn]"/);
    const first = data(made);
    const early = await step(first.kid, 'promote');
    expect(refusal(early)).toBe('409 SIGNING_KEY_TOO_EARLY');
    expect(early.body.message).toContain(`Not before ${first.promotableAt}`);
    expect(await signedBy()).toBe(hs256);
    expect(data(await step(first.kid, 'promote', { force: true })).status).toBe('signing');
    expect(await signedBy()).toBe(first.kid);
    expect(refusal(await step(first.kid, 'promote'))).toBe('409 SIGNING_KEY_CONFLICT');
    expect(refusal(await step(first.kid, 'retire', { force: true }))).toBe('409 SIGNING_KEY_CONFLICT');

    const { kid } = data(await asOperator<SigningKeyView>('POST', keys, {}));
    expect(refusal(await step(kid, 'demote'))).toBe('409 SIGNING_KEY_CONFLICT');
    await step(kid, 'promote', { force: true });
    const retirableAt = data(await asOperator<{ items: SigningKeyView[] }>('GET', keys)).items[0]
      ?.retirableAt;
    const living = await step(first.kid, 'retire');
    expect([refusal(living), living.body.message]).toEqual([
      '409 SIGNING_KEY_TOO_EARLY',
      expect.stringContaining(`Not before ${retirableAt}`),
    ]);
    expect(data(await step(first.kid, 'retire', { force: true })).retiredAt).not.toBeNull();
    expect(refusal(await step(first.kid, 'retire'))).toBe('409 SIGNING_KEY_CONFLICT');
    expect(data(await step(kid, 'demote')).status).toBe('published');
    expect(await signedBy()).toBe(hs256);

    const listed = data(await asOperator<{ items: SigningKeyView[] }>('GET', keys)).items;
    expect(listed.map((key) => [key.kid, key.algorithm, key.status])).toEqual([
      [first.kid, 'RS256', 'retired'],
      [kid, 'ES256', 'published'],
    ]);
    const trail = await asOperator<Page<EventView>>('GET', `/projects/${project.ownerId}/events`);
    const events = data(trail).items.filter((event) => event.kind.startsWith('signing-key'));
    expect(
      events.toReversed().map((event) => [event.kind, event.detail['kid'], event.detail['force']]),
    ).toEqual([
      ['signing-key-published', first.kid, undefined],
      ['signing-key-promoted', first.kid, 'true'],
      ['signing-key-published', kid, undefined],
      ['signing-key-promoted', kid, 'true'],
      ['signing-key-retired', first.kid, 'true'],
      ['signing-key-demoted', kid, undefined],
    ]);
    expect(events.every(({ detail }) => detail['by'] === 'operator')).toBe(true);
  });

  it('that are not there, and input that is none, are refused', async () => {
    for (const [method, url, payload, expected] of [
      ['GET', '/projects/nowhere/signing-keys', undefined, '404 ADMIN_PROJECT_UNKNOWN'],
      ['POST', '/projects/nowhere/signing-keys', {}, '404 ADMIN_PROJECT_UNKNOWN'],
      ['POST', '/projects/acme/signing-keys/none/promote', {}, '404 SIGNING_KEY_UNKNOWN'],
      ['POST', '/projects/acme/signing-keys/none/demote', {}, '404 SIGNING_KEY_UNKNOWN'],
      ['POST', '/projects/acme/signing-keys/none/retire', { force: true }, '404 SIGNING_KEY_UNKNOWN'],
      ['POST', '/projects/acme/signing-keys', { algorithm: 'HS256' }, '400 PARAMETER_INVALID'],
      ['POST', '/projects/acme/signing-keys/none/retire', { force: 'yes' }, '400 PARAMETER_INVALID'],
      ['POST', '/projects/acme/signing-keys/none/retire', { forced: true }, '400 PARAMETER_INVALID'],
    ] as const) {
      const answer = await asOperator(method, url, payload);
      expect([url, `${answer.status} ${answer.body.error.errorCode}`]).toEqual([url, expected]);
    }
  });
});
