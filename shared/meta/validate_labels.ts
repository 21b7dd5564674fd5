import { type FieldError, invalid } from "./field_error.ts";
import { isLabelValue, isQualifiedName } from "./names.ts";

/** Keys are qualified names, values are label values. */
export function validateLabels(
  labels: Readonly<Record<string, string>> | undefined,
  path: string,
): readonly FieldError[] {
  if (labels === undefined) return [];
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels)) {
    for (const message of isQualifiedName(key)) errors.push(invalid(path, key, message));
    for (const message of isLabelValue(value)) errors.push(invalid(path, value, message));
  }
  return errors;
}
