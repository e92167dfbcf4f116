/** The key of a browser, which only signs. */
export interface BoundKey {
  /** The thumbprint of the public key (RFC 7638). */
  readonly jkt: string;
  /** @returns a proof with these claims */
  readonly sign: (claims: object) => Promise<string>;
}

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

interface KeyPair {
  readonly privateKey: Key;
  readonly publicKey: Key;
}

/** What is used of IndexedDB. */
interface Request<T> {
  readonly result: T;
  readonly error: Error | null;
  addEventListener(type: 'success' | 'error' | 'upgradeneeded', listener: () => void): void;
}
interface Objects {
  get(name: string): Request<KeyPair | undefined>;
  add(value: KeyPair, name: string): Request<unknown>;
}
interface Database {
  createObjectStore(name: string): unknown;
  transaction(store: string, mode?: 'readwrite'): { objectStore(name: string): Objects };
  close(): void;
}
declare const indexedDB: { open(name: string, version: number): Request<Database> };

const STORE = 'keys';
const NAME = 'dpop';

/**
 * The key that all tabs of this origin share; where there is no IndexedDB, one of this page.
 *
 * @throws if IndexedDB fails: another key in its place would make the session look lost
 */
export async function boundKey(): Promise<BoundKey> {
  const { subtle } = crypto as Partial<typeof crypto>;
  if (!subtle) throw new Error('DPoP needs a page over https or on localhost');
  const generated = () =>
    // not extractable; that has no effect on the public key
    subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const { privateKey, publicKey } =
    typeof indexedDB === 'undefined' ? await generated() : await storedPair(generated);
  const { crv, kty, x, y } = await subtle.exportKey('jwk', publicKey);
  // in the order that the thumbprint needs
  const jwk = { crv, kty, x, y };
  const header = base64url(utf8(JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk })));
  return {
    jkt: await sha256(JSON.stringify(jwk)),
    async sign(claims) {
      const text = `${header}.${base64url(utf8(JSON.stringify(claims)))}`;
      const signature = await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, utf8(text));
      return `${text}.${base64url(new Uint8Array(signature))}`;
    },
  };
}

/** The stored pair, or a new one. Of two tabs that make one at the same time, both use that which is stored first. */
async function storedPair(generate: () => Promise<KeyPair>): Promise<KeyPair> {
  const opening = indexedDB.open('bo-auth', 1);
  opening.addEventListener('upgradeneeded', () => void opening.result.createObjectStore(STORE));
  const database = await result(opening);
  try {
    const read = () => database.transaction(STORE).objectStore(STORE).get(NAME);
    const known = await result(read());
    if (known) return known;
    const adding = database
      .transaction(STORE, 'readwrite')
      .objectStore(STORE)
      .add(await generate(), NAME);
    // refused if another tab was faster
    await result(adding).catch(() => undefined);
    return (await result(read()))!;
  } finally {
    database.close();
  }
}

function result<T>(request: Request<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB failed')));
  });
}

export async function sha256(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))));
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}
