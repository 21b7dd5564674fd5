import { GrowingList, joinLists } from "./collections.ts";
import {
  CelError,
  type CelValue,
  Duration,
  isList,
  noSuchOverload,
  Timestamp,
  Uint,
} from "./value.ts";

export const MIN_INT = -(2n ** 63n);
export const MAX_INT = 2n ** 63n - 1n;
export const MAX_UINT = 2n ** 64n - 1n;
/** The first and last second that a timestamp may be: years 1 to 9999. */
export const MIN_SECONDS = -62135596800n;
export const MAX_SECONDS = 253402300799n;
const NANOS = 1_000_000_000n;

/** An int, or the error of one that does not fit. */
export function intOf(value: bigint): bigint | CelError {
  return value < MIN_INT || value > MAX_INT ? new CelError("integer overflow") : value;
}

/** An unsigned int, or the error of one that does not fit. */
export function uintOf(value: bigint): Uint | CelError {
  return value < 0n || value > MAX_UINT
    ? new CelError("unsigned integer overflow")
    : new Uint(value);
}

export function durationOf(nanos: bigint): Duration | CelError {
  return nanos < MIN_INT || nanos > MAX_INT
    ? new CelError("duration overflow")
    : new Duration(nanos);
}

/** A timestamp of nanoseconds since the epoch. */
export function timestampOf(nanos: bigint): Timestamp | CelError {
  let seconds = nanos / NANOS;
  let rest = nanos % NANOS;
  if (rest < 0n) {
    rest += NANOS;
    seconds--;
  }
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return new CelError("timestamp overflow");
  return new Timestamp(seconds, Number(rest));
}

function nanosOf({ seconds, nanos }: Timestamp): bigint {
  return seconds * NANOS + BigInt(nanos);
}

export function add(one: CelValue, other: CelValue): CelValue {
  if (typeof one === "bigint" && typeof other === "bigint") return intOf(one + other);
  if (typeof one === "number" && typeof other === "number") return one + other;
  if (typeof one === "string" && typeof other === "string") return one + other;
  if (one instanceof Uint && other instanceof Uint) return uintOf(one.value + other.value);
  if (one instanceof GrowingList && isList(other)) return one.append(other);
  if (isList(one) && isList(other)) return one.concat?.(other) ?? joinLists(one, other);
  if (one instanceof Uint8Array && other instanceof Uint8Array) {
    const joined = new Uint8Array(one.length + other.length);
    joined.set(one);
    joined.set(other, one.length);
    return joined;
  }
  if (one instanceof Duration && other instanceof Duration) {
    return durationOf(one.nanos + other.nanos);
  }
  if (one instanceof Timestamp && other instanceof Duration) {
    return timestampOf(nanosOf(one) + other.nanos);
  }
  if (one instanceof Duration && other instanceof Timestamp) return add(other, one);
  return noSuchOverload();
}

export function subtract(one: CelValue, other: CelValue): CelValue {
  if (typeof one === "bigint" && typeof other === "bigint") return intOf(one - other);
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (one instanceof Uint && other instanceof Uint) return uintOf(one.value - other.value);
  if (one instanceof Duration && other instanceof Duration) {
    return durationOf(one.nanos - other.nanos);
  }
  if (one instanceof Timestamp && other instanceof Duration) {
    return timestampOf(nanosOf(one) - other.nanos);
  }
  if (one instanceof Timestamp && other instanceof Timestamp) {
    return durationOf(nanosOf(one) - nanosOf(other));
  }
  return noSuchOverload();
}

export function multiply(one: CelValue, other: CelValue): CelValue {
  if (typeof one === "bigint" && typeof other === "bigint") return intOf(one * other);
  if (typeof one === "number" && typeof other === "number") return one * other;
  if (one instanceof Uint && other instanceof Uint) return uintOf(one.value * other.value);
  return noSuchOverload();
}

export function divide(one: CelValue, other: CelValue): CelValue {
  const byZero = () => new CelError("division by zero");
  if (typeof one === "bigint" && typeof other === "bigint") {
    return other === 0n ? byZero() : intOf(one / other);
  }
  if (typeof one === "number" && typeof other === "number") return one / other;
  if (one instanceof Uint && other instanceof Uint) {
    return other.value === 0n ? byZero() : uintOf(one.value / other.value);
  }
  return noSuchOverload();
}

export function modulo(one: CelValue, other: CelValue): CelValue {
  const byZero = () => new CelError("modulus by zero");
  if (typeof one === "bigint" && typeof other === "bigint") {
    if (other === 0n) return byZero();
    // As for a division: the smallest int by -1 does not fit.
    return one === MIN_INT && other === -1n ? new CelError("integer overflow") : one % other;
  }
  if (one instanceof Uint && other instanceof Uint) {
    return other.value === 0n ? byZero() : uintOf(one.value % other.value);
  }
  return noSuchOverload();
}

export function negate(value: CelValue): CelValue {
  if (typeof value === "bigint") return intOf(-value);
  if (typeof value === "number") return -value;
  if (value instanceof Duration) return durationOf(-value.nanos);
  return noSuchOverload();
}
