/** A GUID without dashes. It need not be secret, so where there is no `crypto`, as in mini-programs, any source will do. */
export function newGuid(): string {
  const bytes = new Uint8Array(16);
  const source = (globalThis as Partial<typeof globalThis>).crypto;
  if (source) source.getRandomValues(bytes);
  else for (let i = 0; i < 16; i++) bytes[i] = Math.random() * 256;
  return Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join('');
}
