/** A text that is no time; the message is that of Go's `time.Parse`. */
export class TimeError extends Error {
  override readonly name = "TimeError";
}

const layouts = {
  seconds: "2006-01-02T15:04:05Z07:00",
  micros: "2006-01-02T15:04:05.000000Z07:00",
} as const;
const canonical = {
  seconds: /^\d\d\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/,
  micros:
    /^\d\d\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/,
} as const;
/** Go's zero time, which the API writes as null. */
const zeroTime = "0001-01-01T00:00:00";

/**
 * A `metav1.Time` as the API writes it: in UTC, to the second. undefined: Go's zero time.
 * Throws TimeError.
 */
export function normalizeTime(text: string): string | undefined {
  if (canonical.seconds.test(text) && text !== `${zeroTime}Z`) return text;
  const { base } = parse(text, "seconds");
  return base === zeroTime ? undefined : `${base}Z`;
}

/** A `metav1.MicroTime` as the API writes it: in UTC, with exactly six digits. Throws TimeError. */
export function normalizeMicroTime(text: string): string | undefined {
  if (canonical.micros.test(text) && text !== `${zeroTime}.000000Z`) return text;
  const { base, fraction } = parse(text, "micros");
  return base === zeroTime && Number(fraction) === 0 ? undefined : `${base}.${fraction}Z`;
}

interface Element {
  readonly text: string;
  readonly pattern: RegExp;
  readonly range?: readonly [name: string, low: number, high: number];
}

const head: readonly Element[] = [
  { text: "2006", pattern: /\d{4}/y },
  { text: "-", pattern: /-/y },
  { text: "01", pattern: /\d\d/y, range: ["month", 1, 12] },
  { text: "-", pattern: /-/y },
  { text: "02", pattern: /\d\d/y, range: ["day", 1, 31] },
  { text: "T", pattern: /T/y },
  { text: "15", pattern: /\d\d?/y, range: ["hour", 0, 23] },
  { text: ":", pattern: /:/y },
  { text: "04", pattern: /\d\d/y, range: ["minute", 0, 59] },
  { text: ":", pattern: /:/y },
  { text: "05", pattern: /\d\d/y, range: ["second", 0, 59] },
];
const fractions: Readonly<Record<keyof typeof layouts, Element>> = {
  // Not in the layout, yet Go takes any fraction after the seconds.
  seconds: { text: "", pattern: /(?:[.,]\d+)?/y },
  micros: { text: ".000000", pattern: /[.,]\d{6}/y },
};
const zone: Element = { text: "Z07:00", pattern: /Z|[+-]\d\d:\d\d/y };

function parse(
  text: string,
  precision: keyof typeof layouts,
): { base: string; fraction: string } {
  const found: string[] = [];
  let position = 0;
  for (const element of [...head, fractions[precision], zone]) {
    element.pattern.lastIndex = position;
    const match = element.pattern.exec(text)?.[0];
    if (match === undefined) {
      const rest = JSON.stringify(text.slice(position));
      throw new TimeError(
        `parsing time ${JSON.stringify(text)} as "${
          layouts[precision]
        }": cannot parse ${rest} as "${element.text}"`,
      );
    }
    checkRange(text, element, Number(match));
    position += match.length;
    found.push(match);
  }
  if (position < text.length) fail(text, `extra text: ${JSON.stringify(text.slice(position))}`);
  return toUtc(text, found);
}

function checkRange(text: string, { range }: Element, value: number): void {
  if (range && (value < range[1] || value > range[2])) fail(text, `${range[0]} out of range`);
}

function toUtc(text: string, found: readonly string[]): { base: string; fraction: string } {
  const [year, , month, , day, , hour, , minute, , second, fraction = "", offset = "Z"] = found;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  if (date.getUTCDate() !== Number(day)) fail(text, "day out of range");
  date.setTime(date.getTime() - offsetMs(text, offset));
  const base = date.toISOString().slice(0, -5).replace(/^[+-]00/, "");
  return { base, fraction: fraction.slice(1) };
}

function offsetMs(text: string, offset: string): number {
  if (offset === "Z") return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(4, 6));
  if (hours > 24) fail(text, "time zone offset hour out of range");
  if (minutes > 60) fail(text, "time zone offset minute out of range");
  return (offset[0] === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function fail(text: string, reason: string): never {
  throw new TimeError(`parsing time ${JSON.stringify(text)}: ${reason}`);
}
