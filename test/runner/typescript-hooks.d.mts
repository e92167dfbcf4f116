/** @returns a file of TypeScript as JavaScript */
export function load(url: string): Promise<{ source: string }>;
