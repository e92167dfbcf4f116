import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { type Config, ConfigError } from '../config/config.js';

/** @throws {ConfigError} which of the two files is unusable, and why; Node.js would say so only in OpenSSL's terms */
export function tlsCertificate({ certFile, keyFile }: NonNullable<Config['tls']>): {
  cert: Buffer;
  key: Buffer;
} {
  const cert = read('TLS_CERT_FILE', certFile);
  const key = read('TLS_KEY_FILE', keyFile);
  tryContext('TLS_CERT_FILE: the file is not a certificate in PEM form', { cert });
  tryContext('TLS_KEY_FILE: the file is not a private key in PEM form', { key });
  tryContext('TLS_KEY_FILE: the key is not that of the certificate', { cert, key });
  return { cert, key };
}

function tryContext(problem: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch {
    throw new ConfigError(problem);
  }
}

function read(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new ConfigError(`${variable}: the file cannot be read`);
  }
}
