import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Config, hasDevelopmentOperator } from '../../config/config.js';
import { weakness } from '../../http/tls-certificate.js';
import { failed, type Finding, ok, warning } from './finding.js';

const MIN_BYTES = 32;
/** A random key has at least this many different characters. */
const MIN_VARIETY = 10;
const DAY_MS = 86_400_000;
const CERTIFICATE_DAYS = 21;

/** Checks the strength of the keys; never prints a part of one. */
export function examineSecrets(config: Config, env: Readonly<Record<string, string | undefined>>): Finding[] {
  const jwt = env['JWT_SECRET'] ?? '';
  const pepper = env['TOKEN_PEPPER'] ?? '';
  const jwtSecrets = jwt === '' ? [] : [config.jwtSecret, ...config.otherJwtSecrets];
  const findings = [
    strength('JWT_SECRET', jwt, jwtSecrets, 'bo-auth key rotate jwt'),
    strength(
      'TOKEN_PEPPER',
      pepper,
      pepper.split(',').map((entry) => entry.split(':').at(-1) ?? ''),
      'bo-auth key rotate pepper',
    ),
  ];
  if (jwtSecrets.length > 1)
    findings.push(
      ok('JWT_SECRET', `${jwtSecrets.length} secrets, of which ${jwt.split(':', 1).join('')} signs`),
    );
  else if (/[:,]/.test(jwt))
    findings.push(
      warning(
        'JWT_SECRET',
        'contains ":" or "," but is not a list, so all of it is one secret',
        'keep it if it should be one; a list has at least two entries id:secret, with secrets of 32 characters or more',
      ),
    );
  if (jwtSecrets.some((secret) => pepper.includes(secret)))
    findings.push(
      warning('JWT_SECRET', 'is also in TOKEN_PEPPER', 'use different secrets: bo-auth key rotate jwt'),
    );
  findings.push(operator(config));
  if (config.tls !== null) findings.push(certificate(config.tls.certFile));
  return findings;
}

function operator(config: Config): Finding {
  const variable = 'OPERATOR_TOKEN_HASH';
  if (config.operatorTokenHash === null)
    return ok(variable, 'not set: over HTTP, developers administer their own project only');
  return hasDevelopmentOperator(config)
    ? warning(
        variable,
        'not set: the development default applies, whose token is public',
        'use the output of bo-auth key rotate operator',
      )
    : ok(variable, 'set');
}

function strength(variable: string, text: string, secrets: readonly string[], make: string): Finding {
  const todo = `use the output of ${make}`;
  if (text === '')
    return warning(variable, 'not set: the development default applies, which is public', todo);
  if (text.includes('change-me')) return warning(variable, 'is a public default', todo);
  if (secrets.some((secret) => Buffer.byteLength(secret) < MIN_BYTES))
    return warning(variable, `is shorter than ${MIN_BYTES} bytes`, todo);
  if (secrets.some((secret) => new Set(secret).size < MIN_VARIETY))
    return warning(variable, 'has too few different characters', todo);
  return ok(variable, 'set and long enough');
}

function certificate(file: string): Finding {
  try {
    const certificate = new X509Certificate(readFileSync(file));
    const days = Math.floor((Date.parse(certificate.validTo) - Date.now()) / DAY_MS);
    const weak = weakness(certificate);
    if (days < 0) return failed('TLS_CERT_FILE', 'has expired', 'renew the certificate and restart');
    if (weak !== null) return warning('TLS_CERT_FILE', weak, 'renew the certificate and restart');
    if (days < CERTIFICATE_DAYS)
      return warning('TLS_CERT_FILE', `expires in ${days} days`, 'renew the certificate and restart');
    return ok('TLS_CERT_FILE', `valid for ${days} more days`);
  } catch {
    return failed(
      'TLS_CERT_FILE',
      'cannot be read as a certificate',
      'set it to a PEM file that this user may read',
    );
  }
}
