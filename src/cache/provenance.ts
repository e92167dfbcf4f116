/** Which tier the data was read from and when it was last read from the database (ms since the epoch). */
export interface Provenance {
  readonly cacheType: 'local' | 'redis' | 'sqlite' | 'postgres';
  readonly readAt: number;
}
