import { TimeZone } from '../time-zone.js';

const UTC = TimeZone.of('UTC');

/** `YYYY-M-D H:m:s` and `YYYY/M/D H:m:s` with one or two digits, as JavaScript and C# print local times. */
const UNPADDED =
  /(\d{4})([-/])(\d{1,2})\2(\d{1,2})[Tt ](\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d|[.,]\d|[Zz]|[+-]\d)/y;
/** Ticks of .NET, 100 ns each, from year 1 to the Unix epoch; and how many make a millisecond. */
const TICKS_TO_EPOCH_MS = 62_135_596_800_000;
const TICKS_PER_MS = 10_000n;
const DIGITS = /\d+/y;
const CALENDAR_DIGITS = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})?$/;
/** ISO 8601, extended and basic: year, month, day, hour, minute, second?, fraction?, Z? or sign, hours, minutes? */
const ISO_EXTENDED =
  /(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:([Zz])|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?(?!\d))?/y;
const ISO_BASIC =
  /(\d{4})(\d\d)(\d\d)[Tt](\d\d)(\d\d)(?:(\d\d)(?:[.,](\d+))?)?(?:([Zz])|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?(?!\d))?/y;

type Fields = readonly (string | undefined)[];

function matchAt(pattern: RegExp, text: string, start: number): RegExpExecArray | null {
  pattern.lastIndex = start;
  return pattern.exec(text);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** The instants of a local date and time; empty if the date or time does not exist. */
function instants(fields: Fields, ms: number, zone: TimeZone): number[] {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields.map((field) =>
    Number(field ?? 0),
  );
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return [];
  if (hour > 23 || minute > 59 || second > 59) return [];
  return zone.toEpoch(year, month, day, hour, minute, second, ms);
}

function isoInstants(match: Fields, zone: TimeZone): number[] {
  const [fraction = '', zulu, sign, offsetHours, offsetMinutes] = match.slice(7);
  const ms = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const fields = match.slice(1, 7);
  if (zulu !== undefined) return instants(fields, ms, UTC);
  if (sign === undefined) return instants(fields, ms, zone);
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes ?? 0)) * 60_000;
  return instants(fields, ms, UTC).map((instant) => (sign === '-' ? instant + offset : instant - offset));
}

/** `DateTime.Ticks` does not say whether it is UTC or local time, and clients use both. */
function tickInstants(digits: string, zone: TimeZone): number[] {
  const utc = Number(BigInt(digits) / TICKS_PER_MS) - TICKS_TO_EPOCH_MS;
  const date = new Date(utc);
  const local = zone.toEpoch(
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    date.getUTCMilliseconds(),
  );
  return [utc, ...local].sort((a, b) => a - b);
}

/**
 * Reads the time stamp that begins at `start`.
 *
 * A stamp has 10 digits (seconds), 13 (milliseconds), 14 (`YYYYMMDDHHmmss`), 17 (with milliseconds) or 18 (.NET ticks),
 * or is ISO 8601 with `T` or a space, or `YYYY-M-D H:m:s` or `YYYY/M/D H:m:s`. A stamp without a zone is local time in
 * `zone`. Digits of any other length are not a stamp.
 *
 * @returns ms since the epoch, earliest first: two if the local time occurs twice because clocks were set back, and for ticks, empty if
 *   there is no stamp
 */
export function readStamp(text: string, start: number, zone: TimeZone): number[] {
  const unpadded = matchAt(UNPADDED, text, start);
  if (unpadded) return instants([unpadded[1], ...unpadded.slice(3)], 0, zone);
  const iso = matchAt(ISO_EXTENDED, text, start) ?? matchAt(ISO_BASIC, text, start);
  if (iso) return isoInstants(iso, zone);
  const digits = matchAt(DIGITS, text, start)?.[0] ?? '';
  if (digits.length === 10) return [Number(digits) * 1000];
  if (digits.length === 13) return [Number(digits)];
  if (digits.length === 18) return tickInstants(digits, zone);
  if (digits.length !== 14 && digits.length !== 17) return [];
  const fields = CALENDAR_DIGITS.exec(digits) ?? [];
  return instants(fields.slice(1, 7), Number(fields[7] ?? 0), zone);
}
