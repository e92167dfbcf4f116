import type { Advice } from '../advice.js';
import type { PostgresPlace } from '../database-location.js';
import type { PostgresFailure } from './postgres-failure.js';

type Explanation = (place: PostgresPlace, answer: string) => Advice;

const NO_ANSWER = {
  says: 'does not answer',
  todo: 'check host and port, and that no firewall drops the connection',
};
const NO_HOST = {
  says: 'cannot be reached: its host name cannot be resolved',
  todo: 'correct the host name',
};
const NO_ROUTE = {
  says: 'cannot be reached: there is no route to its host',
  todo: 'correct the host, or the network',
};
const CLOSED = {
  says: 'closed the connection',
  todo: 'check that Postgres listens there, and see its log',
};

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  '28P01': ({ user }) => ({
    says: `refuses the password of ${named(user)}`,
    todo: 'correct user and password; characters such as @ : / % must be percent-encoded',
  }),
  '28000': ({ user }, answer) => ({
    says: `refuses ${named(user)}${quoted(answer)}`,
    todo: 'correct the user, or allow it to log in from this host in pg_hba.conf',
  }),
  '3D000': ({ database, user }) => ({
    says: 'does not exist',
    todo: `correct its name, or create it: CREATE DATABASE ${identifier(database === '' ? user : database)}`,
  }),
  '42501': ({ user, database }, answer) => ({
    says: `denies ${named(user)} a right${quoted(answer)}`,
    todo: missingRight(answer, database, user),
  }),
  '53300': () => ({
    says: 'has too many connections',
    todo: 'raise max_connections of Postgres, or lower DATABASE_POOL_SIZE and WORKERS',
  }),
  '53100': () => ({ says: 'finds its disk full', todo: 'make room on the disk of Postgres' }),
  '57P03': (_, answer) => ({ says: `is not ready yet${quoted(answer)}`, todo: 'wait, or see its log' }),
  '57014': () => ({
    says: 'does not finish a statement in time',
    todo: 'try again once the migrations of another process, or what else holds its locks, have ended',
  }),
  '25006': () => ({ says: 'is read-only', todo: 'name the primary, not a standby' }),
  ECONNREFUSED: () => ({
    says: 'cannot be reached: nothing listens at its address',
    todo: 'start Postgres, or correct host and port',
  }),
  ENOTFOUND: () => NO_HOST,
  EAI_AGAIN: () => NO_HOST,
  EHOSTUNREACH: () => NO_ROUTE,
  ENETUNREACH: () => NO_ROUTE,
  ETIMEDOUT: () => NO_ANSWER,
  CONNECTION_SILENT: () => NO_ANSWER,
  ECONNRESET: () => CLOSED,
  EPIPE: () => CLOSED,
  CONNECTION_ENDED: (_, answer) =>
    answer.includes('SSL')
      ? { says: 'speaks no TLS', todo: 'remove sslmode, or enable ssl in Postgres' }
      : CLOSED,
  ENOENT: () => ({
    says: 'has no socket in that folder',
    todo: 'start Postgres, or correct the folder (unix_socket_directories) and the port',
  }),
  EACCES: () => ({
    says: 'has a socket that this user may not open',
    todo: 'grant access to the folder of the socket',
  }),
};

/** Codes of Node's TLS for a certificate that it does not trust. */
const UNTRUSTED = /^(ERR_TLS|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)/;

/** @returns `null` for a failure that is not about the connection, the account or its rights */
export function postgresAdvice({ code, cause }: PostgresFailure, place: PostgresPlace): Advice | null {
  const answer = cause instanceof Error ? cause.message.replaceAll(/\s+/g, ' ').trim() : '';
  const explain = Object.hasOwn(EXPLANATIONS, code) ? EXPLANATIONS[code] : undefined;
  if (explain === undefined && !UNTRUSTED.test(code)) return null;
  const { says, todo } = explain?.(place, answer) ?? {
    says: 'has a certificate that is not trusted',
    todo: 'name its authority with sslrootcert, and the host as in the certificate',
  };
  return { says: `${says} (${code})`, todo };
}

function missingRight(answer: string, database: string, user: string): string {
  const role = user === '' ? '<user>' : identifier(user);
  if (/\b(table|relation|sequence|owner)\b/.test(answer))
    return `make the user the owner of the tables: ALTER TABLE <name> OWNER TO ${role}`;
  if (/\bdatabase\b/.test(answer)) return `GRANT CONNECT ON DATABASE ${identifier(database)} TO ${role}`;
  const schema = /schema "?([^"\s]+)/.exec(answer)?.[1] ?? 'public';
  return `GRANT CREATE ON SCHEMA ${identifier(schema)} TO ${role}`;
}

function named(user: string): string {
  return user === '' ? 'the user' : `the user ${user}`;
}

function quoted(answer: string): string {
  return answer === '' ? '' : `, saying "${answer}"`;
}

/** As SQL takes it: names beyond lower-case letters need quotes. */
function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
