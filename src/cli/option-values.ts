/** `none` for what may be without a value. */
export function numberOrNone(text: string): number | null {
  return text === 'none' ? null : toNumber(text);
}

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

/** The fields that were given, and no others. */
export function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
