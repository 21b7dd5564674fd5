import type { JsonSchema } from "./json_schema.ts";

/** Numbers beyond this are floating point to the reference, whatever they look like. */
const int64Limit = 2 ** 63;
/** JSON's integers: beyond this, floating point is not exact. */
const maxJsonInteger = 2 ** 53 - 1;
/** How near a whole number counts as one, relative to it. */
const epsilon = 1e-9;

/** The JSON types that a schema allows; none: any. */
export function typesOf(schema: JsonSchema): readonly string[] {
  if (schema["x-kubernetes-int-or-string"]) return intOrString;
  return schema.type ? [schema.type] : [];
}

const intOrString: readonly string[] = ["integer", "string"];

/** A value's JSON type as the reference infers it. `format` is that of numbers; `isWhole` is about these alone. */
export function typeOf(
  value: unknown,
): { readonly type: string; readonly format: string; readonly isWhole: boolean } {
  if (typeof value === "number") {
    return isInteger(value)
      ? { type: "integer", format: "int64", isWhole: true }
      : { type: "number", format: "float64", isWhole: isWholeNumber(value) };
  }
  const type = Array.isArray(value) ? "array" : typeof value;
  return { type, format: "", isWhole: false };
}

/** Whether the reference decodes the number as an integer. */
export function isInteger(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < int64Limit;
}

/** Whether a number is a whole one but for rounding. */
export function isWholeNumber(value: number): boolean {
  if (!Number.isFinite(value) || Math.abs(value) > maxJsonInteger) return false;
  const rounded = Math.round(value);
  if (value === rounded) return true;
  return rounded !== 0 && Math.abs(value - rounded) < epsilon * Math.abs(rounded);
}
