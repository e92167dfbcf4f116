const QUARTER_HOUR = 900_000;
const DAY = 86_400_000;
/** Ten days of quarter-hours. Direct-mapped, so callers cannot make the cache grow with stamps of arbitrary years. */
const CACHE_SLOTS = 1024;

/** The end of a `timeZoneName: 'longOffset'` text: `GMT`, `GMT+08:00`, `GMT-00:44:30`. */
const LONG_OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);

/** Like `Date.UTC`, which maps the years 0 to 99 to 1900 to 1999; this does not. `month` is 1 to 12. */
function utc(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  ms: number,
): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.setUTCHours(hour, minute, second, ms);
}

/**
 * A zone of the IANA time zone database, from the platform's Intl. Offsets are cached by quarter-hour because Intl is
 * too slow to call on every request.
 *
 * Instants are milliseconds since the epoch, in the years 0 to 9999.
 */
export class TimeZone {
  private static readonly known = new Map<string, TimeZone>();

  private readonly quarters = new Float64Array(CACHE_SLOTS).fill(Number.NaN);
  private readonly offsets = new Float64Array(CACHE_SLOTS);

  private constructor(
    readonly name: string,
    private readonly intl: Intl.DateTimeFormat,
  ) {}

  /**
   * Finds a zone by its IANA name, ignoring case (`Asia/Shanghai`, `UTC`). The same name returns the same object.
   *
   * @throws RangeError if the platform does not know the zone
   */
  static of(ianaName: string): TimeZone {
    // Intl ignores case too; folding it bounds the map to the number of existing zones
    const key = ianaName.toLowerCase();
    const known = TimeZone.known.get(key);
    if (known) return known;
    const intl = new Intl.DateTimeFormat('en-US', {
      timeZone: ianaName,
      timeZoneName: 'longOffset',
      calendar: 'gregory',
      numberingSystem: 'latn',
    });
    const zone = new TimeZone(intl.resolvedOptions().timeZone, intl);
    TimeZone.known.set(key, zone);
    return zone;
  }

  /** Minutes that local time is ahead of UTC at that instant. Some offsets before 1973 are fractional. */
  offsetAt(epochMs: number): number {
    const quarter = Math.floor(epochMs / QUARTER_HOUR);
    const slot = quarter & (CACHE_SLOTS - 1);
    if (this.quarters[slot] === quarter) return this.offsets[slot] ?? 0;
    const first = this.askIntl(quarter * QUARTER_HOUR);
    const last = this.askIntl((quarter + 1) * QUARTER_HOUR - 1);
    // do not cache: some zones changed within a quarter-hour (St John's at 00:01 until 2011)
    if (first !== last) return this.askIntl(epochMs);
    this.quarters[slot] = quarter;
    this.offsets[slot] = first;
    return first;
  }

  /** `YYYY-MM-DDTHH:mm:ss`, local time without an offset. */
  formatLocal(epochMs: number): string {
    return this.local(epochMs).toISOString().slice(0, 19);
  }

  /** `YYYY/M/D HH:mm:ss`, local time; month and day are not padded: `2021/2/25 18:22:37`. */
  formatClaim(epochMs: number): string {
    const t = this.local(epochMs);
    const date = `${t.getUTCFullYear()}/${t.getUTCMonth() + 1}/${t.getUTCDate()}`;
    return `${date} ${two(t.getUTCHours())}:${two(t.getUTCMinutes())}:${two(t.getUTCSeconds())}`;
  }

  /**
   * The instants (ms since the epoch) of a local time, earliest first: usually one, two if clocks were set back and
   * the time occurs twice. A time that clocks skipped is read with the offset from before the change, like Temporal's
   * `compatible` disambiguation, so the list is never empty.
   *
   * @param month 1 to 12
   */
  toEpoch(
    year: number,
    month: number,
    day: number,
    hour: number,
    minute: number,
    second: number,
    ms: number,
  ): number[] {
    const wall = utc(year, month, day, hour, minute, second, ms);
    // no offset exceeds a day, so one of the offsets a day earlier and a day later applies
    const before = this.offsetAt(wall - DAY);
    const after = this.offsetAt(wall + DAY);
    const early = wall - before * 60_000;
    if (before === after) return [early];
    const late = wall - after * 60_000;
    const found: number[] = [];
    if (this.offsetAt(early) === before) found.push(early);
    if (this.offsetAt(late) === after) found.push(late);
    return found.length === 0 ? [early] : found;
  }

  private local(epochMs: number): Date {
    return new Date(epochMs + this.offsetAt(epochMs) * 60_000);
  }

  private askIntl(epochMs: number): number {
    const [, sign, hours, minutes, seconds = '0'] = LONG_OFFSET.exec(this.intl.format(epochMs)) ?? [];
    if (sign === undefined) return 0;
    const size = Number(hours) * 60 + Number(minutes) + Number(seconds) / 60;
    return sign === '-' ? -size : size;
  }
}
