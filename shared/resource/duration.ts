/** A text that is no duration; the message is that of Go's `time.ParseDuration`. */
export class DurationError extends Error {
  override readonly name = "DurationError";
}

const nanosOf: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "µs": 1_000n,
  "μs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const largest = 2n ** 63n - 1n;
const term = /([0-9]*)(\.[0-9]*)?([^0-9.]*)/y;

/**
 * Nanoseconds of a Go duration text such as `1h30m` or `-1.5s`. Throws DurationError.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(parseDuration("1m30s"), 90_000_000_000n);
 * ```
 */
export function parseDuration(text: string): bigint {
  const negative = text[0] === "-";
  const body = text[0] === "-" || text[0] === "+" ? text.slice(1) : text;
  if (body === "0") return 0n;
  if (body === "") throw new DurationError(`time: invalid duration ${quote(text)}`);
  let total = 0n;
  term.lastIndex = 0;
  while (term.lastIndex < body.length) {
    total += parseTerm(text, term.exec(body)!);
    if (total > largest) throw new DurationError(`time: invalid duration ${quote(text)}`);
  }
  return negative ? -total : total;
}

/**
 * As Go's `Duration.String`: `1h30m0s`, `1.5s`, `100ms`, `0s`.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(formatDuration(5_400_000_000_000n), "1h30m0s");
 * ```
 */
export function formatDuration(nanos: bigint): string {
  const sign = nanos < 0n ? "-" : "";
  const size = nanos < 0n ? -nanos : nanos;
  if (size === 0n) return "0s";
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 1_000n)}µs`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 1_000_000n)}ms`;
  const hours = size / nanosOf.h!;
  const minutes = (size / nanosOf.m!) % 60n;
  const seconds = decimal(size % nanosOf.m!, nanosOf.s!);
  const head = hours > 0n ? `${hours}h${minutes}m` : minutes > 0n ? `${minutes}m` : "";
  return `${sign}${head}${seconds}s`;
}

function parseTerm(text: string, match: RegExpExecArray): bigint {
  const [, whole = "", fraction = "", unit = ""] = match;
  if (whole === "" && fraction.length < 2) {
    throw new DurationError(`time: invalid duration ${quote(text)}`);
  }
  if (unit === "") throw new DurationError(`time: missing unit in duration ${quote(text)}`);
  const scale = nanosOf[unit];
  if (scale === undefined) {
    throw new DurationError(`time: unknown unit ${quote(unit)} in duration ${quote(text)}`);
  }
  // Go ignores the digits of a fraction that it cannot hold.
  const digits = fraction.slice(1, 19);
  const part = digits === "" ? 0n : BigInt(digits) * scale / 10n ** BigInt(digits.length);
  return BigInt(whole === "" ? "0" : whole.slice(0, 40)) * scale + part;
}

function decimal(value: bigint, unit: bigint): string {
  const rest = (value % unit).toString().padStart(unit.toString().length - 1, "0").replace(
    /0+$/,
    "",
  );
  return rest === "" ? `${value / unit}` : `${value / unit}.${rest}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
