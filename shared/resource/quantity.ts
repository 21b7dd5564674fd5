import { canonicalText, type QuantityFormat } from "./quantity_format.ts";
import { parseQuantityText } from "./quantity_text.ts";

/**
 * An exact amount: `unscaled` × 10^`scale`. Immutable. `text` is what the API shows: the text as it was given if
 * that is close enough to canonical, as `resource.ParseQuantity` decides, else the canonical one.
 */
export interface Quantity {
  readonly unscaled: bigint;
  readonly scale: number;
  readonly format: QuantityFormat;
  readonly text: string;
}

/** What a missing or null quantity is. */
export const zeroQuantity: Quantity = { unscaled: 0n, scale: 0, format: "DecimalSI", text: "0" };

/** Clusters use a few hundred different amounts; a hostile client could send any number of them. */
const cacheLimit = 4096;
const cache = new Map<string, Quantity>();

/**
 * Reads `100m`, `1.5Gi`, `12e6`, …; numbers are read as their decimal text. Throws QuantityError with the reference's
 * message. Results are cached (4,096 texts), so calling it again with the same text is a map look-up.
 */
export function parseQuantity(value: string | number): Quantity {
  const text = typeof value === "string" ? value : String(value);
  const known = cache.get(text);
  if (known) return known;
  const quantity = parseQuantityText(text.trim());
  if (cache.size >= cacheLimit) cache.clear();
  cache.set(text, quantity);
  return quantity;
}

/**
 * -1, 0 or 1. Exact.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(compareQuantities(parseQuantity("1Gi"), parseQuantity("1G")), 1);
 * assert.equal(compareQuantities(parseQuantity("100m"), parseQuantity("0.1")), 0);
 * ```
 */
export function compareQuantities(a: Quantity, b: Quantity): number {
  const signs = sign(a.unscaled) - sign(b.unscaled);
  if (signs !== 0) return Math.sign(signs);
  const [x, y] = aligned(a, b);
  return x === y ? 0 : x < y ? -1 : 1;
}

/** The sum, canonical, in the format of `a` unless `a` is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  const [x, y] = aligned(a, b);
  return makeQuantity(x + y, Math.min(a.scale, b.scale), a.unscaled === 0n ? b.format : a.format);
}

/** The difference, canonical, in the format of `a` unless `a` is zero. */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return addQuantities(a, { ...b, unscaled: -b.unscaled });
}

/** `a` times a whole number. */
export function multiplyQuantity(a: Quantity, factor: number): Quantity {
  return makeQuantity(a.unscaled * BigInt(factor), a.scale, a.format);
}

/** `a` rounded away from zero to a multiple of 10^`scale`; the same quantity if it is one already. */
export function roundUpQuantity(a: Quantity, scale: number): Quantity {
  if (a.scale >= scale) return a;
  return makeQuantity(rescaled(a, scale), scale, a.format);
}

/** The whole number of units, rounded away from zero. Exact up to 2^53. */
export function asNumber(a: Quantity): number {
  return Number(rescaled(a, 0));
}

/** The number of thousandths, rounded away from zero: `100m` is 100, `2` is 2000. Exact up to 2^53. */
export function asMilli(a: Quantity): number {
  return Number(rescaled(a, -3));
}

/** The nearest floating-point number, fractions included. */
export function asFloat(a: Quantity): number {
  return Number(`${a.unscaled}e${a.scale}`);
}

/** A quantity of `value` × 10^`scale`, e.g. `quantityOf(1500, -3)` is `1500m`. `value` must be whole. */
export function quantityOf(
  value: number | bigint,
  scale = 0,
  format: QuantityFormat = "DecimalSI",
): Quantity {
  return makeQuantity(BigInt(value), scale, format);
}

/** -1, 0 or 1. */
export function quantitySign(a: Quantity): number {
  return sign(a.unscaled);
}

function makeQuantity(unscaled: bigint, scale: number, format: QuantityFormat): Quantity {
  return { unscaled, scale, format, text: canonicalText(unscaled, scale, format) };
}

function aligned(a: Quantity, b: Quantity): [bigint, bigint] {
  const scale = Math.min(a.scale, b.scale);
  return [
    a.unscaled * 10n ** BigInt(a.scale - scale),
    b.unscaled * 10n ** BigInt(b.scale - scale),
  ];
}

function rescaled(a: Quantity, scale: number): bigint {
  if (a.scale >= scale) return a.unscaled * 10n ** BigInt(a.scale - scale);
  return divideUp(a.unscaled, 10n ** BigInt(scale - a.scale));
}

function divideUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor === 0n ? quotient : quotient + BigInt(sign(value));
}

function sign(value: bigint): number {
  return value === 0n ? 0 : value < 0n ? -1 : 1;
}
