import type { DataSource } from 'typeorm';
import type { Config } from '../../config/config.js';
import { type Finding, warning } from './finding.js';

const PROJECTS = `
  SELECT owner_id FROM bo_project WHERE issuer = 'url' UNION SELECT owner_id FROM bo_client ORDER BY owner_id`;

/** Clients and issuers need the public URL. */
export async function publicUrl(dataSource: DataSource, { publicUrl: url }: Config): Promise<Finding[]> {
  if (url !== null) return [];
  const projects: { owner_id: string }[] = await dataSource.query(PROJECTS);
  if (projects.length === 0) return [];
  const names = projects.map(({ owner_id }) => owner_id);
  return [
    warning(
      'PUBLIC_URL',
      `is not set, but these projects have OAuth clients or issuer: url: ${names.slice(0, 5).join(', ')}` +
        (names.length > 5 ? ` and ${names.length - 5} more` : ''),
      'set PUBLIC_URL to the URL under which clients reach the service: until then the OAuth endpoints are 404, and ' +
        'iss is RG3',
    ),
  ];
}
