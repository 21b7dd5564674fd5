import {
  CelError,
  type CelValue,
  Duration,
  isError,
  isList,
  isMap,
  type ListValue,
  type MapValue,
  noSuchOverload,
  OpaqueValue,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
} from "./value.ts";
import { countWork } from "./work.ts";

/**
 * Whether two values are equal; values of different kinds are not, numbers of any kind compare by their value. Neither is
 * an error.
 */
export function equals(one: CelValue, other: CelValue): boolean {
  countWork(1);
  if (one === null || other === null) return one === other;
  if (isNumber(one)) return isNumber(other) && compareNumbers(one, other) === 0;
  if (typeof one !== "object" || typeof other !== "object") return one === other;
  if (isList(one)) return isList(other) && listsEqual(one, other);
  if (isMap(one)) return isMap(other) && mapsEqual(one, other);
  if (one instanceof Uint8Array) {
    return other instanceof Uint8Array && compareBytes(one, other) === 0;
  }
  if (one instanceof Timestamp) {
    return other instanceof Timestamp && one.seconds === other.seconds && one.nanos === other.nanos;
  }
  if (one instanceof Duration) return other instanceof Duration && one.nanos === other.nanos;
  if (one instanceof TypeValue) {
    return other instanceof TypeValue && one.type.name === other.type.name;
  }
  if (one instanceof Optional) {
    return other instanceof Optional &&
      (one.value === undefined || other.value === undefined
        ? one.value === other.value
        : equals(one.value, other.value));
  }
  if (one instanceof OpaqueValue) {
    return other instanceof OpaqueValue && one.type.name === other.type.name && one.equals(other);
  }
  return false;
}

/** -1, 0 or 1; an error for values that have no order between them. */
export function compare(one: CelValue, other: CelValue): -1 | 0 | 1 | CelError {
  if (isNumber(one) && isNumber(other)) {
    return compareNumbers(one, other) ?? new CelError("NaN values cannot be ordered");
  }
  if (typeof one === "string" && typeof other === "string") return compareText(one, other);
  if (typeof one === "boolean" && typeof other === "boolean") {
    return one === other ? 0 : one ? 1 : -1;
  }
  if (one instanceof Uint8Array && other instanceof Uint8Array) return compareBytes(one, other);
  if (one instanceof Duration && other instanceof Duration) return order(one.nanos, other.nanos);
  if (one instanceof Timestamp && other instanceof Timestamp) {
    return order(one.seconds, other.seconds) || order(one.nanos, other.nanos);
  }
  return isError(other) ? other : noSuchOverload();
}

/** By code points, as the bytes of UTF-8 compare. */
export function compareText(one: string, other: string): -1 | 0 | 1 {
  if (one === other) return 0;
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) {
    const left = one.charCodeAt(index);
    const right = other.charCodeAt(index);
    if (left === right) continue;
    // Surrogates stand for code points above those of all other units.
    const high = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
    if (high(left) !== high(right)) return high(left) ? 1 : -1;
    return left < right ? -1 : 1;
  }
  return one.length < other.length ? -1 : 1;
}

type Numeric = bigint | number | Uint;

function isNumber(value: CelValue): value is Numeric {
  return typeof value === "bigint" || typeof value === "number" || value instanceof Uint;
}

/** Exact also between integers and doubles; undefined if one is not a number. */
function compareNumbers(one: Numeric, other: Numeric): -1 | 0 | 1 | undefined {
  const left = one instanceof Uint ? one.value : one;
  const right = other instanceof Uint ? other.value : other;
  if (Number.isNaN(left) || Number.isNaN(right)) return undefined;
  return left == right ? 0 : left < right ? -1 : 1;
}

function order<T extends bigint | number>(one: T, other: T): -1 | 0 | 1 {
  return one === other ? 0 : one < other ? -1 : 1;
}

function compareBytes(one: Uint8Array, other: Uint8Array): -1 | 0 | 1 {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) {
    if (one[index] !== other[index]) return one[index]! < other[index]! ? -1 : 1;
  }
  return order(one.length, other.length);
}

function listsEqual(one: ListValue, other: ListValue): boolean {
  const special = one.equals?.(other) ?? other.equals?.(one);
  if (special !== undefined) return special;
  if (one.size !== other.size) return false;
  for (let index = 0; index < one.size; index++) {
    if (!equals(one.at(index), other.at(index))) return false;
  }
  return true;
}

function mapsEqual(one: MapValue, other: MapValue): boolean {
  if (one.size !== other.size || one.type?.name !== other.type?.name) return false;
  for (const key of one.keys()) {
    const right = other.get(key);
    if (right === undefined || !equals(one.get(key)!, right)) return false;
  }
  return true;
}
