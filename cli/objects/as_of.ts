import { parseTimeSpan } from "../../shared/config/time_span.ts";

/**
 * The API's `asOf` parameter for what a user may write: a revision, a time (RFC 3339, or anything with a date that says its
 * zone), or how long ago (`90s`, `30m`, `2h`, `1d`). Undefined for anything else.
 */
export function asOfParameter(text: string, now: number): string | undefined {
  if (/^[1-9]\d*$/.test(text)) return text;
  const ago = parseTimeSpan(text);
  if (ago !== undefined) return new Date(now - ago).toISOString();
  const isTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(text);
  const time = isTime ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
