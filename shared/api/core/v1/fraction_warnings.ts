import { asMilli, parseQuantity } from "../../../resource/quantity.ts";

/** A byte count with a fraction makes no sense. */
export function fractionWarnings(value: string, path: string): readonly string[] {
  return asMilli(parseQuantity(value)) % 1000 === 0
    ? []
    : [`${path}: fractional byte value "${value}" is invalid, must be an integer`];
}
