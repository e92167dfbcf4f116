import type { EventView } from '../../src/admin/event/event-log.js';
import type { Page } from '../../src/response/page.js';
import { asOperator, data, newProject, startAdministration } from './administration.js';

startAdministration();

describe('the audit trail', () => {
  it('has a line of every change, with who made it, newest first, page by page', async () => {
    const project = await newProject();
    const base = `/projects/${project.ownerId}`;
    await asOperator('POST', `${base}/systems`, { sysId: 's', name: 's' });
    await asOperator('DELETE', `${base}/systems/s`);
    await asOperator('POST', `${base}/users`, { userId: 'u', userName: 'u', password: 'a-password' });
    await asOperator('PATCH', `${base}/users/u`, { telephone: '+49 30 1234' });
    await asOperator('PUT', `${base}/users/u/password`, { password: 'b-password' });
    await asOperator('POST', `${base}/users/u/disable`);
    await asOperator('POST', `${base}/users/u/enable`);
    await asOperator('POST', `${base}/verify-key`, { overlapSeconds: 0 });
    await asOperator('POST', `${base}/disable`);
    await asOperator('POST', `${base}/enable`);

    const kinds: string[] = [];
    let cursor = '';
    do {
      const page = data(await asOperator<Page<EventView>>('GET', `${base}/events?limit=5${cursor}`));
      kinds.push(...page.items.map(({ kind }) => kind));
      expect(page.items.every(({ detail }) => detail['by'] === 'operator')).toBe(true);
      expect(JSON.stringify(page.items)).not.toMatch(/1234|-password"|argon2/);
      cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
    } while (cursor !== '');
    expect(kinds.toReversed()).toEqual([
      'project-added',
      'system-added',
      'system-removed',
      'user-added',
      'user-changed',
      'password-set',
      'logged-out',
      'user-disabled',
      'logged-out',
      'user-enabled',
      'verify-key-changed',
      'project-disabled',
      'project-enabled',
    ]);
    const ofUser = await asOperator<Page<EventView>>('GET', `${base}/events?userId=u&kind=password-set`);
    expect(data(ofUser).items).toHaveLength(1);
  });
});
