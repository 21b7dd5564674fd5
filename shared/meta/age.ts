const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** The age of `timestamp` (RFC 3339) at `now` (ms), as tables show it: `5m10s`; `<unknown>` if unset. */
export function ageOf(timestamp: string | null | undefined, now: number): string {
  if (!timestamp) return "<unknown>";
  return humanDuration(now - Date.parse(timestamp));
}

/**
 * A duration in milliseconds with two or three significant digits (`75s`, `2m30s`, `3h`, `4d2h`, `2y85d`), as
 * `kubectl get` shows ages. Slightly negative durations (clock skew) are `0s`, others `<invalid>`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(humanDuration(310_000), "5m10s");
 * ```
 */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / SECOND);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(ms / MINUTE);
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(ms / HOUR);
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(ms / DAY);
  if (days < 8) return pair(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.trunc(ms / YEAR);
  return years < 8 ? pair(years, "y", days % 365, "d") : `${years}y`;
}

/** A duration in milliseconds in its largest unit only: `90s` is `1m`. */
export function shortHumanDuration(ms: number): string {
  const seconds = Math.trunc(ms / SECOND);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 60) return `${seconds}s`;
  if (ms < HOUR) return `${Math.trunc(ms / MINUTE)}m`;
  if (ms < DAY) return `${Math.trunc(ms / HOUR)}h`;
  if (ms < YEAR) return `${Math.trunc(ms / DAY)}d`;
  return `${Math.trunc(ms / YEAR)}y`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}
