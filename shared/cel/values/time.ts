import { MAX_SECONDS, MIN_SECONDS } from "./arithmetic.ts";
import { CelError, Timestamp } from "./value.ts";

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|([+-])(\d\d):(\d\d))$/;

/**
 * A timestamp of an RFC 3339 text; undefined if it is none, an error if it is too far away. A second of 60 is refused, as
 * the reference refuses it.
 */
export function parseTimestamp(text: string): Timestamp | CelError | undefined {
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year!, month! - 1, day!);
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month! - 1 &&
    date.getUTCDate() === day;
  if (!real || hour! > 23 || minute! > 59 || second! > 59) return undefined;
  const [offsetHours, offsetMinutes] = [Number(match[10] ?? 0), Number(match[11] ?? 0)];
  if (offsetHours > 24 || offsetMinutes > 60) return undefined;
  const offset = (offsetHours * 60 + offsetMinutes) * (match[9] === "-" ? -60 : 60);
  const seconds = BigInt(date.getTime() / 1000 + hour! * 3600 + minute! * 60 + second! - offset);
  const nanos = Number((match[7] ?? "").slice(0, 9).padEnd(9, "0"));
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return new CelError("timestamp overflow");
  return new Timestamp(seconds, nanos);
}

/** As RFC 3339 in UTC, with the digits of a fraction that are not zero. */
export function formatTimestamp({ seconds, nanos }: Timestamp): string {
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const fraction = nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
  return `${text}${fraction}Z`;
}

/** The parts of a moment on a clock somewhere. */
export interface ClockTime {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  /** From 1. */
  readonly day: number;
  /** From 0. */
  readonly dayOfYear: number;
  /** Sunday is 0. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** The clock time at `timestamp` in `zone`: a name of the time zone database, or an offset such as `-08:00`. */
export function clockTime({ seconds }: Timestamp, zone: string): ClockTime | CelError {
  const offset = offsetOf(Number(seconds) * 1000, zone);
  if (typeof offset !== "number") return offset;
  const date = new Date(Number(seconds) * 1000 + offset);
  const year = date.getUTCFullYear();
  const start = new Date(0);
  start.setUTCFullYear(year, 0, 1);
  return {
    year,
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    dayOfYear: Math.floor((date.getTime() - start.getTime()) / 86_400_000),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

/** How far the clocks of a zone are ahead of UTC at a moment, in milliseconds. */
function offsetOf(moment: number, zone: string): number | CelError {
  if (zone === "UTC" || zone === "") return 0;
  if (!zone.includes(":")) return namedOffset(moment, zone);
  const [hours = "", minutes = ""] = [
    zone.slice(0, zone.indexOf(":")),
    zone.slice(zone.indexOf(":") + 1),
  ];
  for (const part of [hours, minutes]) {
    if (!/^[+-]?\d{1,18}$/.test(part)) {
      return new CelError(`strconv.Atoi: parsing ${JSON.stringify(part)}: invalid syntax`);
    }
  }
  const sign = zone.startsWith("-") ? -1 : 1;
  return (Number(hours) * 60 + sign * Number(minutes)) * 60_000;
}

function namedOffset(moment: number, zone: string): number | CelError {
  try {
    const parts = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    }).formatToParts(new Date(moment));
    const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
    const local = new Date(0);
    local.setUTCFullYear(part("year"), part("month") - 1, part("day"));
    local.setUTCHours(part("hour"), part("minute"), part("second"));
    return local.getTime() - Math.floor(moment / 1000) * 1000;
  } catch (error) {
    if (error instanceof RangeError) return new CelError(`unknown time zone ${zone}`);
    throw error;
  }
}
