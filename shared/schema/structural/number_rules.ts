import { invalid } from "../../meta/field_error.ts";
import type { JsonSchema } from "./json_schema.ts";
import { type Place, textOfPlace, type ValidationResult } from "./validation_result.ts";
import { isInteger, isWholeNumber, typesOf } from "./value_type.ts";

/** The largest number that a 32-bit float can hold. */
const maxFloat32 = 3.4028235677973366e38;

/**
 * Range, bounds and `multipleOf` of a number. Like the reference, an integer is compared with the whole parts of
 * bounds and factors.
 */
export function validateNumber(
  schema: JsonSchema,
  value: number,
  place: Place | undefined,
  result: ValidationResult,
): void {
  const { multipleOf, minimum, maximum } = schema;
  checkRange(schema, value, "Checked", place, result);
  if (multipleOf !== undefined) {
    const exact = checkRange(schema, multipleOf, "MultipleOf", place, result);
    checkMultiple(multipleOf, { value, asInteger: exact && isInteger(value) }, place, result);
  }
  if (minimum !== undefined) {
    const exact = checkRange(schema, minimum, "Minimum boundary", place, result);
    const limit = exact && isInteger(value) ? Math.trunc(minimum) : minimum;
    const { exclusiveMinimum } = schema;
    const broken = exclusiveMinimum ? value <= limit : value < limit;
    const what = exclusiveMinimum ? "greater than" : "greater than or equal to";
    if (broken) refuse(`should be ${what} ${limit}`, value, place, result);
  }
  if (maximum !== undefined) {
    const exact = checkRange(schema, maximum, "Maximum boundary", place, result);
    const limit = exact && isInteger(value) ? Math.trunc(maximum) : maximum;
    const { exclusiveMaximum } = schema;
    const broken = exclusiveMaximum ? value >= limit : value > limit;
    const what = exclusiveMaximum ? "less than" : "less than or equal to";
    if (broken) refuse(`should be ${what} ${limit}`, value, place, result);
  }
}

function refuse(
  why: string,
  value: number,
  place: Place | undefined,
  result: ValidationResult,
): void {
  const text = `${textOfPlace(place)} in body ${why}`;
  result.add(place, text, (path) => invalid(path, value, text));
}

/** Whether a number fits the type and format of the schema; adds the error if it does not. */
function checkRange(
  schema: JsonSchema,
  value: number,
  what: string,
  place: Place | undefined,
  result: ValidationResult,
): boolean {
  const types = typesOf(schema);
  const type = types.length === 1 ? types[0]! : "";
  const format = formatOf(schema, type);
  if (fitsRange(value, type, format)) return true;
  const named = format === "" ? `${type} (default format)` : `${type} with format ${format}`;
  result.addGeneral(`${what} value must be of type ${named} in ${textOfPlace(place)}`);
  return false;
}

function formatOf({ format = "" }: JsonSchema, type: string): string {
  const known = type === "integer"
    ? ["int32", "int64"]
    : type === "number"
    ? ["float", "double"]
    : [];
  return known.includes(format) ? format : "";
}

function fitsRange(value: number, type: string, format: string): boolean {
  if (type === "integer") {
    const limit = format === "int32" ? 2 ** 31 : 2 ** 63;
    return Number.isInteger(value) && value >= -limit && value < limit;
  }
  return format !== "float" || Math.abs(value) < maxFloat32;
}

function checkMultiple(
  factor: number,
  { value, asInteger }: { readonly value: number; readonly asInteger: boolean },
  place: Place | undefined,
  result: ValidationResult,
): void {
  const whole = asInteger ? Math.trunc(factor) : factor;
  if (whole <= 0) {
    const text = `factor MultipleOf declared for ${textOfPlace(place)} must be positive: ${whole}`;
    result.add(place, text, (path) => invalid(path, whole, text));
    return;
  }
  const isMultiple = asInteger
    ? value % whole === 0
    : isWholeNumber(whole < 1 ? 1 / whole * value : value / whole);
  if (!isMultiple) refuse(`should be a multiple of ${whole}`, value, place, result);
}
