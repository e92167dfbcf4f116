/** What is no number stays text, and the schema says what is wrong with it. */
export function toNumber(text: string): number {
  return (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text) as number;
}

export function toBoolean(text: string): boolean {
  return (text === 'true' ? true : text === 'false' ? false : text) as boolean;
}

/** `a,b`, also given several times. */
export function toList(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(',').map((part) => part.trim())].filter((part) => part !== '');
}

/** What may be without a value. */
const NULLABLE: ReadonlySet<string> = new Set(['idleSeconds', 'maxSessions']);

/** The fields that were given, and no others; `none` is null, which the parser of options cannot hold. */
export function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, NULLABLE.has(name) && value === 'none' ? null : value]),
  );
}
