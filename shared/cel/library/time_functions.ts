import { type ClockTime, clockTime } from "../values/time.ts";
import { CelError, type CelValue, Duration, Timestamp } from "../values/value.ts";
import { type Implementation, type Overload, overload } from "./function_table.ts";

type Part = (time: ClockTime, timestamp: Timestamp) => number;

function partOf(read: Part): Implementation {
  return (value: CelValue, zone: CelValue = "UTC") => {
    const time = clockTime(value as Timestamp, zone as string);
    return time instanceof CelError ? time : BigInt(read(time, value as Timestamp));
  };
}

function ofTimestamp(id: string, read: Part): Overload[] {
  // One of the identifiers is the odd one out in the reference.
  const zoned = id === "timestamp_to_seconds" ? `${id}_tz` : `${id}_with_tz`;
  return [
    overload(id, "timestamp.() -> int", partOf(read)),
    overload(zoned, "timestamp.(string) -> int", partOf(read)),
  ];
}

function ofDuration(id: string, unit: bigint): Overload {
  return overload(id, "duration.() -> int", (value) => (value as Duration).nanos / unit);
}

/** The parts of timestamps, on the clock of a zone or UTC, and durations in units. */
export const timeFunctions: Readonly<Record<string, readonly Overload[]>> = {
  getFullYear: ofTimestamp("timestamp_to_year", ({ year }) => year),
  getMonth: ofTimestamp("timestamp_to_month", ({ month }) => month),
  getDayOfYear: ofTimestamp("timestamp_to_day_of_year", ({ dayOfYear }) => dayOfYear),
  getDayOfMonth: ofTimestamp("timestamp_to_day_of_month", ({ day }) => day - 1),
  getDate: ofTimestamp("timestamp_to_day_of_month_1_based", ({ day }) => day),
  getDayOfWeek: ofTimestamp("timestamp_to_day_of_week", ({ weekday }) => weekday),
  getHours: [
    ...ofTimestamp("timestamp_to_hours", ({ hour }) => hour),
    ofDuration("duration_to_hours", 3_600_000_000_000n),
  ],
  getMinutes: [
    ...ofTimestamp("timestamp_to_minutes", ({ minute }) => minute),
    ofDuration("duration_to_minutes", 60_000_000_000n),
  ],
  getSeconds: [
    ...ofTimestamp("timestamp_to_seconds", ({ second }) => second),
    ofDuration("duration_to_seconds", 1_000_000_000n),
  ],
  getMilliseconds: [
    ...ofTimestamp("timestamp_to_milliseconds", (_, { nanos }) => Math.floor(nanos / 1e6)),
    ofDuration("duration_to_milliseconds", 1_000_000n),
  ],
};
