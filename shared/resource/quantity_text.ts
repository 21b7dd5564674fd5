import type { Quantity } from "./quantity.ts";
import { canonicalText, type QuantityFormat } from "./quantity_format.ts";

/** A text that is no quantity; the message is the reference's. */
export class QuantityError extends Error {
  override readonly name = "QuantityError";
}

const formatWrong =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffixWrong = "unable to parse quantity's suffix";
const numericWrong = "unable to parse numeric part of quantity";

/** Sign, digits before and after the point, suffix. Every part may be empty, as in the reference's scanner. */
const parts = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;

/** Longer texts and larger exponents mean nothing, but would cost time: the reference has no such bound. */
const longestText = 1000;
const largestExponent = 1000;

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binaryExponents: Readonly<Record<string, number>> = {
  Ki: 10,
  Mi: 20,
  Gi: 30,
  Ti: 40,
  Pi: 50,
  Ei: 60,
};
const largestBinary = 2n ** 63n - 1n;
const smallestScale = -9;
const int64Digits = 18;

interface Suffix {
  readonly format: QuantityFormat;
  readonly exponent: number;
}

/** Parses without a cache; use `parseQuantity`. Throws QuantityError. */
export function parseQuantityText(text: string): Quantity {
  if (text === "" || text.length > longestText) throw new QuantityError(formatWrong);
  const match = parts.exec(text);
  if (!match) throw new QuantityError(formatWrong);
  const digits = match[2] === "" ? "0" : match[2]!;
  const fraction = match[3] ?? "";
  const suffix = interpretSuffix(match[4]!);
  const negative = match[1] === "-";
  if (fitsInt64(digits, fraction, suffix)) {
    return parseShort(text, digits + fraction, suffix, negative, fraction.length);
  }
  return parseLong(digits + fraction, fraction.length, suffix, negative);
}

function interpretSuffix(text: string): Suffix {
  const decimal = decimalExponents[text];
  if (decimal !== undefined) return { format: "DecimalSI", exponent: decimal };
  const binary = binaryExponents[text];
  if (binary !== undefined) return { format: "BinarySI", exponent: binary };
  const exponent = /^[eE]([+-]?[0-9]+)$/.exec(text)?.[1];
  if (exponent === undefined || Math.abs(Number(exponent)) > largestExponent) {
    throw new QuantityError(suffixWrong);
  }
  return { format: "DecimalExponent", exponent: Number(exponent) };
}

/** Whether the reference takes its short path, the only one that keeps the text as given. */
function fitsInt64(digits: string, fraction: string, { format, exponent }: Suffix): boolean {
  if (format === "BinarySI") {
    const precision = 15 - digits.length - Math.trunc(exponent * 3 / 10) - 1;
    return fraction === "" && precision >= 0;
  }
  const precision = int64Digits - digits.length - fraction.length;
  return precision >= 0 && exponent - fraction.length >= smallestScale;
}

function parseShort(
  text: string,
  digits: string,
  { format, exponent }: Suffix,
  negative: boolean,
  fractionLength: number,
): Quantity {
  const value = BigInt(digits);
  const isBinary = format === "BinarySI";
  const scale = isBinary ? 0 : exponent - fractionLength;
  const magnitude = isBinary ? value << BigInt(exponent) : value;
  const unscaled = negative ? -magnitude : magnitude;
  const keepsText = isBinary
    ? (value & 7n) !== 0n
    : scale % 3 === 0 && !digits.endsWith("000") && digits[0] !== "0";
  return {
    unscaled,
    scale,
    format,
    text: keepsText ? text : canonicalText(unscaled, scale, format),
  };
}

function parseLong(
  digits: string,
  fractionLength: number,
  suffix: Suffix,
  negative: boolean,
): Quantity {
  if (digits === "") throw new QuantityError(numericWrong);
  const isBinary = suffix.format === "BinarySI";
  let unscaled = BigInt(digits) * (isBinary ? 1n << BigInt(suffix.exponent) : 1n);
  let scale = (isBinary ? 0 : suffix.exponent) - fractionLength;
  if (scale < smallestScale) {
    // Whoever asks for something gets something: amounts under a nano round up.
    const divisor = 10n ** BigInt(smallestScale - scale);
    unscaled = unscaled / divisor + (unscaled % divisor === 0n ? 0n : 1n);
    scale = smallestScale;
  }
  let format = suffix.format;
  if (isBinary) {
    const unit = 10n ** BigInt(-scale);
    if (unscaled > largestBinary * unit) [unscaled, scale] = [largestBinary, 0];
    else if (unscaled > 0n && unscaled < unit) format = "DecimalSI";
  }
  if (negative) unscaled = -unscaled;
  return { unscaled, scale, format, text: canonicalText(unscaled, scale, format) };
}
