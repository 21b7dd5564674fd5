import { type FieldError, invalid } from "../meta/field_error.ts";
import { isPercent } from "../meta/names.ts";
import { nonNegative } from "./validation.ts";

/** A count, or a share such as `25%`. */
export function validateIntOrPercent(
  value: number | string | undefined,
  path: string,
): readonly FieldError[] {
  if (value === undefined) return [];
  return typeof value === "number"
    ? nonNegative(value, path)
    : isPercent(value).map((message) => invalid(path, value, message));
}

/** A share of at most the whole; counts are not looked at. */
export function validateAtMostAll(
  value: number | string | undefined,
  path: string,
): readonly FieldError[] {
  return (percentOf(value) ?? 0) > 100
    ? [invalid(path, value, "must not be greater than 100%")]
    : [];
}

/** The number, or that before the `%`; 0 for what is neither. */
export function amountOf(value: number | string | undefined): number {
  return typeof value === "number" ? value : percentOf(value) ?? 0;
}

function percentOf(value: number | string | undefined): number | undefined {
  return typeof value === "string" && isPercent(value).length === 0
    ? Number.parseInt(value)
    : undefined;
}
