import { isLabelValue, isQualifiedName } from "./names.ts";
import { StatusError } from "./status_error.ts";

export type LabelOperator = "=" | "==" | "!=" | "in" | "notin" | "exists" | "!" | "gt" | "lt";

/** One condition on one label. `values` are sorted and unique. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** Checks and makes one requirement. Throws StatusError `BadRequest`. */
export function newRequirement(
  key: string,
  operator: LabelOperator,
  values: readonly string[],
): LabelRequirement {
  const unique = [...new Set(values)].sort();
  const errors = [
    ...keyErrors(key, "key"),
    ...countErrors(operator, unique),
    ...unique.flatMap((value, index) => valueErrors(key, value, index)),
  ];
  if (errors.length > 0) throw new StatusError("BadRequest", aggregate(errors));
  return { key, operator, values: unique };
}

/** The message for a bad label key, as the parser gives it before there is an operator; `path` is what it is. */
export function keyErrors(key: string, path: string): string[] {
  const messages = isQualifiedName(key);
  return messages.length === 0 ? [] : [invalidText(path, key, messages.join("; "))];
}

function countErrors(operator: LabelOperator, values: readonly string[]): string[] {
  const fail = (detail: string) => [invalidText("values", values, detail)];
  switch (operator) {
    case "in":
    case "notin":
      if (values.length > 0) return [];
      return fail("for 'in', 'notin' operators, values set can't be empty");
    case "exists":
    case "!":
      if (values.length === 0) return [];
      return fail("values set must be empty for exists and does not exist");
    case "gt":
    case "lt":
      if (values.length !== 1) {
        return fail("for 'Gt', 'Lt' operators, exactly one value is required");
      }
      if (toInteger(values[0]) !== undefined) return [];
      return [
        invalidText(
          "values[0]",
          values[0],
          "for 'Gt', 'Lt' operators, the value must be an integer",
        ),
      ];
    default:
      if (values.length === 1) return [];
      return fail("exact-match compatibility requires one single value");
  }
}

function valueErrors(key: string, value: string, index: number): string[] {
  const messages = isLabelValue(value);
  if (messages.length === 0) return [];
  return [invalidText(`values[${index}][${key}]`, value, messages.join("; "))];
}

function invalidText(path: string, value: unknown, detail: string): string {
  return `${path}: Invalid value: ${JSON.stringify(value)}: ${detail}`;
}

/** Several errors as one text; the same text is not repeated. */
function aggregate(errors: readonly string[]): string {
  const unique = [...new Set(errors)];
  return unique.length === 1 ? unique[0]! : `[${unique.join(", ")}]`;
}

const MAX_INT64 = 2n ** 63n - 1n;

/** A decimal int64, or undefined if `text` is not one. */
export function toInteger(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ""));
  return value > MAX_INT64 || value < -MAX_INT64 - 1n ? undefined : value;
}
