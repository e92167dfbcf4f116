/** Guessing an imported token must take at least 2^80 attempts; our own tokens take more. */
const MIN_BITS = 80;
const MIN_DISTINCT = 8;

/** Character classes and their sizes. */
const CLASSES = [
  { class: /[0-9]/, size: 10 },
  { class: /[a-z]/, size: 26 },
  { class: /[A-Z]/, size: 26 },
] as const;

/**
 * Whether a refresh token is long and varied enough: length × log2(alphabet) ≥ 80, with at least 8 different
 * characters. The alphabet is 16 for hexadecimal digits, else 10 for digits, 26 for each case of letters, and 1 for
 * each other character that occurs. 20 hexadecimal digits or 16 mixed letters and digits suffice.
 */
export function isStrongToken(token: string): boolean {
  const distinct = new Set(token);
  return distinct.size >= MIN_DISTINCT && token.length * Math.log2(alphabetOf(token, distinct)) >= MIN_BITS;
}

function alphabetOf(token: string, distinct: ReadonlySet<string>): number {
  if (/^(?:[0-9a-f]+|[0-9A-F]+)$/.test(token)) return /^[0-9]+$/.test(token) ? 10 : 16;
  const others = [...distinct].filter((character) => !/[0-9A-Za-z]/.test(character)).length;
  return CLASSES.reduce((sum, each) => sum + (each.class.test(token) ? each.size : 0), others);
}
