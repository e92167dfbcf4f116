/** The seed of this run, which Jest prints in its summary; `npx jest --seed=<it> <file>` repeats it. */
export const SEED = (globalThis as { testSeed?: number }).testSeed ?? 0;
