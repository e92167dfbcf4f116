/** Text that is not a number stays text, so that the schema reports it. */
export function toNumber(text: string): number {
  return (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text) as number;
}

export function toBoolean(text: string): boolean {
  return (text === 'true' ? true : text === 'false' ? false : text) as boolean;
}

/** `a, b or c`, for help texts. */
export function oneOf(values: readonly string[]): string {
  return values.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

/** Splits `a,b`; a repeated option adds to the list. */
export function toList(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').map((part) => part.trim())].filter((part) => part !== '');
}

/** As {@link toList}; `none` is the empty list. */
export function toNoneOrList(text: string, before: readonly string[] = []): string[] {
  return text === 'none' ? [] : toList(text, before);
}

/** Fields for which `none` means `null`. */
const NULLABLE: ReadonlySet<string> = new Set(['idleSeconds', 'maxSessions', 'maxSessionsPerClient']);

/** Drops the options that were not given, and turns `none` into `null` where a field allows it. */
export function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, NULLABLE.has(name) && value === 'none' ? null : value]),
  );
}
