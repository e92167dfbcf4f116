import { assert, constantFrom, integer, property } from 'fast-check';
import { TimeZone } from '../../src/tenancy/time-zone.js';

const ZONES = [
  'UTC',
  'Asia/Shanghai',
  'America/New_York',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Africa/Casablanca',
  'Pacific/Chatham',
];
const YEAR_1900 = Date.UTC(1900, 0);
const YEAR_2100 = Date.UTC(2100, 0);

const anyZone = constantFrom(...ZONES);
const anyInstant = integer({ min: YEAR_1900, max: YEAR_2100 });

const references = new Map<string, Intl.DateTimeFormat>();

/** Local time from Intl's own fields, which the class under test does not use. */
function reference(zone: string, instant: number): Record<string, string> {
  let format = references.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
    references.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
}

function referenceLocal(zone: string, instant: number): string {
  const p = reference(zone, instant);
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}:${p.second}`;
}

describe('TimeZone', () => {
  it('agrees with Intl at random instants of two centuries', () => {
    assert(
      property(anyZone, anyInstant, (zone, instant) => {
        expect(TimeZone.of(zone).formatLocal(instant)).toBe(referenceLocal(zone, instant));
      }),
      { numRuns: 3000 },
    );
  });

  it.each(ZONES)('agrees with Intl around every change of %s from 2009 on', (zone) => {
    const timeZone = TimeZone.of(zone);
    const step = 21_600_000;
    for (let t = Date.UTC(2009, 0); t < Date.UTC(2028, 0); t += step) {
      if (timeZone.offsetAt(t) === timeZone.offsetAt(t + step)) continue;
      const instants: number[] = [];
      for (let at = t; at <= t + step; at += 59_000) instants.push(at);
      expect(instants.map((at) => timeZone.formatLocal(at))).toEqual(
        instants.map((at) => referenceLocal(zone, at)),
      );
    }
  });

  it('finds a local time back, at one of its candidates', () => {
    assert(
      property(anyZone, anyInstant, (zone, instant) => {
        const timeZone = TimeZone.of(zone);
        const [, y, mo, d, h, mi, s] = /(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)/
          .exec(referenceLocal(zone, instant))!
          .map(Number);
        const ms = ((instant % 1000) + 1000) % 1000;
        const candidates = timeZone.toEpoch(y!, mo!, d!, h!, mi!, s!, ms);
        // an offset with seconds (before 1973) is a double in minutes
        expect(candidates.map(Math.round)).toContain(instant);
        expect(candidates).toEqual(candidates.toSorted((a, b) => a - b));
      }),
      { numRuns: 3000 },
    );
  });

  it('gives both readings of a time that occurs twice', () => {
    const zone = TimeZone.of('America/New_York');
    expect(zone.toEpoch(2026, 11, 1, 1, 30, 0, 0)).toEqual([
      Date.UTC(2026, 10, 1, 5, 30),
      Date.UTC(2026, 10, 1, 6, 30),
    ]);
  });

  it('reads a time that never occurs with the offset from before', () => {
    expect(TimeZone.of('America/New_York').toEpoch(2026, 3, 8, 2, 30, 0, 0)).toEqual([
      Date.UTC(2026, 2, 8, 7, 30),
    ]);
    // Samoa went over the date line: the whole of this day is missing
    expect(TimeZone.of('Pacific/Apia').toEpoch(2011, 12, 30, 12, 0, 0, 0)).toEqual([
      Date.UTC(2011, 11, 30, 22, 0),
    ]);
  });

  it('knows changes within a quarter-hour', () => {
    const zone = TimeZone.of('America/St_Johns');
    const change = Date.UTC(2010, 2, 14, 3, 31);
    expect([zone.offsetAt(change - 1), zone.offsetAt(change)]).toEqual([-210, -150]);
  });

  it('formats as the access token and the answer do', () => {
    const zone = TimeZone.of('Asia/Shanghai');
    const instant = Date.UTC(2021, 1, 25, 10, 22, 37, 999);
    expect(zone.offsetAt(instant)).toBe(480);
    expect(zone.formatClaim(instant)).toBe('2021/2/25 18:22:37');
    expect(zone.formatLocal(instant)).toBe('2021-02-25T18:22:37');
    expect(zone.formatClaim(Date.UTC(2021, 11, 31, 17, 2, 3))).toBe('2022/1/1 01:02:03');
  });

  it('is one object a name, whatever its case', () => {
    expect(TimeZone.of('Europe/Berlin')).toBe(TimeZone.of('europe/BERLIN'));
  });

  it.each(['Mars/Olympus', '', '__proto__', 'Europe/Berlin '])('throws RangeError for %j', (name) => {
    expect(() => TimeZone.of(name)).toThrow(RangeError);
  });

  it('asks Intl once a quarter-hour', () => {
    const zone = TimeZone.of('Asia/Tokyo');
    const quarter = Date.UTC(2026, 5, 1);
    zone.offsetAt(quarter);
    const getter = Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, 'format')!;
    let asked = 0;
    Object.defineProperty(Intl.DateTimeFormat.prototype, 'format', {
      ...getter,
      get(): unknown {
        asked++;
        return getter.get?.call(this);
      },
    });
    try {
      for (let t = quarter; t < quarter + 900_000; t += 1000) zone.formatClaim(t);
      expect(asked).toBe(0);
      zone.offsetAt(quarter + 900_000);
      expect(asked).toBe(2);
    } finally {
      Object.defineProperty(Intl.DateTimeFormat.prototype, 'format', getter);
    }
  });
});
