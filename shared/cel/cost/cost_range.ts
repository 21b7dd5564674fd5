/** The largest number of 64 bits; sums and products stay at it. */
export const MAX_UINT64 = 2 ** 64;

/** How much something may cost, or how large it may be: between `min` and `max`. */
export interface CostRange {
  readonly min: number;
  readonly max: number;
}

export const unknownRange: CostRange = { min: 0, max: MAX_UINT64 };
export const zeroRange: CostRange = { min: 0, max: 0 };

export function fixedRange(value: number): CostRange {
  return { min: value, max: value };
}

export function addRanges(...ranges: readonly CostRange[]): CostRange {
  let min = 0;
  let max = 0;
  for (const range of ranges) {
    min = Math.min(min + range.min, MAX_UINT64);
    max = Math.min(max + range.max, MAX_UINT64);
  }
  return { min, max };
}

export function multiplyRanges(one: CostRange, other: CostRange): CostRange {
  return { min: multiply(one.min, other.min), max: multiply(one.max, other.max) };
}

/** Times a factor, rounded up. */
export function scaleRange(range: CostRange, factor: number): CostRange {
  return { min: scale(range.min, factor), max: scale(range.max, factor) };
}

/** The range that holds both. */
export function uniteRanges(one: CostRange, other: CostRange): CostRange {
  return { min: Math.min(one.min, other.min), max: Math.max(one.max, other.max) };
}

function multiply(one: number, other: number): number {
  return Math.min(one * other, MAX_UINT64);
}

function scale(value: number, factor: number): number {
  return Math.min(Math.ceil(value * factor), MAX_UINT64);
}
