import type { DataSource } from 'typeorm';
import type { Config } from '../../config/config.js';
import { addressMatcher } from '../../network/client-address.js';
import { type Finding, warning } from './finding.js';

/** Private, shared, link-local and loopback addresses: those of a proxy, and hardly those of every user. */
const isInternal = addressMatcher([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
  'fc00::/7',
  'fe80::/10',
  '::1',
]);

const NEWEST = 200;
const MIN_LOGINS = 10;
const MIN_USERS = 3;

/** If all users have the same internal address, a proxy's address was taken for that of its clients. */
export async function loginAddresses(dataSource: DataSource, { environment }: Config): Promise<Finding[]> {
  if (environment === 'development') return [];
  const logins: { owner_id: string; user_id: string; detail: string }[] = await dataSource.query(
    `SELECT owner_id, user_id, detail FROM bo_auth_event WHERE kind = 'login' ORDER BY id DESC LIMIT ${NEWEST}`,
  );
  const [address, ...others] = new Set(
    logins.map(({ detail }) => (JSON.parse(detail) as { ip?: string }).ip ?? ''),
  );
  const users = new Set(logins.map(({ owner_id, user_id }) => `${owner_id}/${user_id}`)).size;
  if (others.length > 0 || !isInternal(address) || logins.length < MIN_LOGINS || users < MIN_USERS) return [];
  return [
    warning(
      'TRUSTED_PROXIES',
      `the newest ${logins.length} logins, of ${users} users, all came from ${address}, as if they were one client`,
      'if that is your proxy, add it to TRUSTED_PROXIES and let it send X-Forwarded-For, otherwise all users share one ' +
        'rate limit; if it is your own back end, add it to RATE_LIMIT_EXEMPT',
    ),
  ];
}
