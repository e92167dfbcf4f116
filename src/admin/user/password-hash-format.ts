/** crypt(3) and PHC strings: bcrypt, argon2, scrypt, pbkdf2, yescrypt, phpass and the MD5 and SHA variants. */
const CRYPT =
  /^\$(?:1|2[abxy]?|5|6|7|y|gy|P|H|S|apr1|argon2(?:id|i|d)|scrypt|pbkdf2(?:-[\w-]+)?|bcrypt-sha256)\$\S{16,}$/;

/** Django (`pbkdf2_sha256$…`) and Werkzeug (`scrypt:32768:8:1$…`). */
const FRAMEWORK = /^(?:pbkdf2|scrypt|bcrypt|argon2|sha1|md5)(?:[_:][\w:]+)?\$\S{16,}$/;

/** The prefix that Spring Security (`{bcrypt}…`) and LDAP (`{SSHA}…`) put before a hash. */
const PREFIX = /^\{(?:bcrypt|argon2|scrypt|crypt|pbkdf2|s?md5|s?sha|x-)[\w@.-]*\}\S{16,}$/i;

/** MD5, SHA-1, SHA-256 and SHA-512 in hexadecimal; MySQL writes `*` before its SHA-1. */
const HEXADECIMAL = /^(?:[0-9a-f]{32}|\*?[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/i;

/** Whether a text looks like a password hash of another system, which must not become the password itself. */
export function isPasswordHash(text: string): boolean {
  return (
    CRYPT.test(text) ||
    FRAMEWORK.test(text) ||
    PREFIX.test(text) ||
    HEXADECIMAL.test(text) ||
    isAspNetIdentity(text)
  );
}

/**
 * ASP.NET Core Identity: Base64 of a format marker (0x01: version 3, 0x00: version 2) and the hash. In version 3 a
 * 32-bit number of the hash function follows, 0 to 2; version 2 is 49 bytes long.
 */
function isAspNetIdentity(text: string): boolean {
  if (!/^[A-Za-z0-9+/]{64,}={0,2}$/.test(text)) return false;
  const bytes = Buffer.from(text, 'base64');
  if (bytes[0] === 0) return bytes.length === 49;
  return bytes[0] === 1 && bytes.length >= 49 && bytes.readUInt32BE(1) <= 2;
}
