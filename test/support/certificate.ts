import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newFolder } from './service-process.js';

const run = promisify(execFile);

/** A self-signed certificate for `name`, as the variables that the service reads. */
export async function selfSigned(name: string) {
  const folder = newFolder();
  const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name}`;
  const more = ['-addext', `subjectAltName=DNS:${name}`, '-keyout', keyFile, '-out', certFile];
  await run('openssl', [...request.split(' '), ...more]);
  return { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile };
}
