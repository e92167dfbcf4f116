import type { DataSource } from 'typeorm';
import { claimSize, CLAIMS_MAX } from '../../admin/user/claim-size.js';
import { User } from '../../tenancy/user/user.entity.js';
import { type Finding, warning } from './finding.js';

/** A character takes at most 4 bytes, so a row with fewer characters than this cannot be too large. */
const SUSPECT_LENGTH = 900;
const TEXTS = [
  'user_name',
  'client_id',
  'push_name',
  'role_id',
  'dep_id',
  'area_code',
  'job_id',
  'sys_id',
  'merge_user_id',
  'open_id',
  'wb_id',
  'wx_open_id',
  'wx_union_id',
  'telephone',
  'head_icon',
];

/** Access tokens of such a user may be too large for proxies and for our own calls. */
export async function largeUsers(dataSource: DataSource): Promise<Finding[]> {
  const suspects = await dataSource
    .getRepository(User)
    .createQueryBuilder('u')
    .where(`${TEXTS.map((column) => `length(u.${column})`).join(' + ')} > ${SUSPECT_LENGTH}`)
    .orderBy('u.ownerId')
    .addOrderBy('u.userId')
    .getMany();
  const large = suspects.filter((user) => claimSize(user) > CLAIMS_MAX);
  if (large.length === 0) return [];
  const named = large.slice(0, 10).map((user) => `${user.ownerId}/${user.userId} (${claimSize(user)} bytes)`);
  const more = large.length > named.length ? ', …' : '';
  return [
    warning(
      'users',
      `too large for an access token of ${CLAIMS_MAX} bytes: ${large.length}: ${named.join(', ')}${more}`,
      'shorten their lists of roles, departments, areas and systems: bo-auth user set',
    ),
  ];
}
