import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { type Config, ConfigError } from '../config/config.js';

/**
 * TLS 1.2 with forward secrecy and authenticated encryption, and TLS 1.3.
 *
 * @see https://wiki.mozilla.org/Security/Server_Side_TLS#Intermediate_compatibility_.28recommended.29
 */
export const TLS_PROTOCOL = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
} as const satisfies SecureContextOptions;

const MIN_RSA_BITS = 2048;

/** @returns what is wrong with the key of a certificate, or `null` */
export function weakness(certificate: X509Certificate): string | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  const bits = details?.modulusLength ?? Infinity;
  return type === 'rsa' && bits < MIN_RSA_BITS
    ? `its RSA key has ${bits} bits, of which at least ${MIN_RSA_BITS} are needed`
    : null;
}

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
