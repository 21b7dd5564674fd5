/** How a quantity writes its exponent: `12M`, `12Mi` or `12e6`. */
export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

const decimalSuffixes: Readonly<Record<number, string>> = {
  [-9]: "n",
  [-6]: "u",
  [-3]: "m",
  0: "",
  3: "k",
  6: "M",
  9: "G",
  12: "T",
  15: "P",
  18: "E",
};
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const largestDecimalExponent = 18;

/**
 * The canonical text of `unscaled` × 10^`scale`: no fraction, the largest suffix that allows it. A binary amount that is
 * small or has a fraction is written in decimal (resource.Quantity, "Before serializing, Quantity will be put in
 * canonical form").
 */
export function canonicalText(unscaled: bigint, scale: number, format: QuantityFormat): string {
  if (unscaled === 0n) return "0";
  if (format !== "BinarySI") return decimalText(unscaled, scale, format);
  const whole = wholeUnits(unscaled, scale);
  const isSmall = whole !== undefined && whole > -1024n && whole < 1024n;
  if (whole === undefined || isSmall) return decimalText(unscaled, scale, "DecimalSI");
  return binaryText(whole);
}

function decimalText(unscaled: bigint, scale: number, format: QuantityFormat): string {
  let amount = unscaled;
  let exponent = scale;
  while (amount % 10n === 0n) {
    amount /= 10n;
    exponent++;
  }
  // Exponents are multiples of three; what is over goes back into the digits.
  let target = Math.floor(exponent / 3) * 3;
  if (format === "DecimalSI") target = Math.min(target, largestDecimalExponent);
  amount *= 10n ** BigInt(exponent - target);
  if (format === "DecimalSI") return `${amount}${decimalSuffixes[target]}`;
  return target === 0 ? `${amount}` : `${amount}e${target}`;
}

function binaryText(whole: bigint): string {
  let amount = whole;
  let power = 0;
  while (amount % 1024n === 0n && power < binarySuffixes.length - 1) {
    amount /= 1024n;
    power++;
  }
  return `${amount}${binarySuffixes[power]}`;
}

function wholeUnits(unscaled: bigint, scale: number): bigint | undefined {
  if (scale >= 0) return unscaled * 10n ** BigInt(scale);
  const divisor = 10n ** BigInt(-scale);
  return unscaled % divisor === 0n ? unscaled / divisor : undefined;
}
