import { createCipheriv, randomUUID } from 'node:crypto';

/**
 * A fresh `XverifyApi` value: DES-ECB, PKCS#7, Base64 of a GUID and, half of the time, a millisecond stamp.
 * Node's OpenSSL has no single DES; triple DES with one key three times is the same cipher.
 */
export function verifyValue(key: string, stamped: boolean): string {
  const bytes = Buffer.alloc(8);
  bytes.write(key, 'utf8');
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([bytes, bytes, bytes]), null);
  const plain = stamped ? `${randomUUID()}|${Date.now()}` : randomUUID();
  return Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]).toString('base64');
}
