/**
 * The number of digits after which each level of a division code ends: province, prefecture and county by GB/T 2260
 * (6 digits), township and village by GB/T 10114 and the statistical codes (9 and 12 digits).
 */
const LEVEL_ENDS = [2, 4, 6, 9, 12] as const;

/** GB/T 2260 codes without their trailing zeros: `11` and `1101`, in lists that have a file for each level. */
const SHORT_CODE = /^[1-9]\d(?:\d{2})?$/;

/** The code in 6 digits, e.g. `110000` for `11`; other codes unchanged. */
export function fullCode(code: string): string {
  return SHORT_CODE.test(code) ? code.padEnd(6, '0') : code;
}

const DIVISION_CODE = /^[1-9]\d(?:\d{4}|\d{7}|\d{10})$/;

/**
 * The codes that a division code may lie below, nearest first, `null` if the code is not a division code.
 *
 * Not all of them need exist: lists omit a level that has no administration (`500101` lies directly below `500000`
 * where there is no `500100`). A county's code is the same division with and without its trailing zeros.
 *
 * @example `310101` → `310100`, `310000`
 * @example `310101002` → `310101000`, `310101`, `310100000`, `310100`, `310000000`, `310000`
 */
export function divisionsAbove(code: string): string[] | null {
  if (!DIVISION_CODE.test(code)) return null;
  const above: string[] = [];
  for (const end of LEVEL_ENDS.toReversed()) {
    const prefix = code.slice(0, end);
    // A prefix that differs from the code only by zeros is the division itself, not one above it.
    if (end >= code.length || code.slice(end).replaceAll('0', '') === '') continue;
    above.push(prefix.padEnd(code.length, '0'));
    for (const length of [9, 6]) {
      if (length < code.length && end <= length) above.push(prefix.padEnd(length, '0'));
    }
  }
  return [...new Set(above)];
}
