import { createCipheriv, randomUUID } from 'node:crypto';

/**
 * Creates an `XverifyApi` value: DES-ECB, PKCS#7, Base64 of a GUID and, in half of the cases, a stamp in ms.
 * OpenSSL 3 in Node.js has no single DES; triple DES with three equal keys is the same cipher.
 */
export function verifyValue(key: string, stamped: boolean): string {
  const bytes = Buffer.alloc(8);
  bytes.write(key, 'utf8');
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([bytes, bytes, bytes]), null);
  const plain = stamped ? `${randomUUID()}|${Date.now()}` : randomUUID();
  return Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]).toString('base64');
}
