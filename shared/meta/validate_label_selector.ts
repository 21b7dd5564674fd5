import { type FieldError, forbidden, invalid, required } from "./field_error.ts";
import { isLabelValue, isQualifiedName } from "./names.ts";
import type { LabelSelector, LabelSelectorRequirement } from "./types.gen.ts";
import { validateLabels } from "./validate_labels.ts";

export interface LabelSelectorOptions {
  /** Old objects may have values that no label can have; default: false. */
  readonly allowInvalidValues?: boolean;
}

/** The rules for a LabelSelector in a spec; an absent one is valid. */
export function validateLabelSelector(
  selector: LabelSelector | undefined,
  path: string,
  options: LabelSelectorOptions = {},
): readonly FieldError[] {
  if (selector === undefined) return [];
  const errors = [...validateLabels(selector.matchLabels, `${path}.matchLabels`)];
  selector.matchExpressions?.forEach((requirement, index) => {
    validateRequirement(requirement, `${path}.matchExpressions[${index}]`, options, errors);
  });
  return errors;
}

function validateRequirement(
  { key, operator, values = [] }: LabelSelectorRequirement,
  path: string,
  options: LabelSelectorOptions,
  errors: FieldError[],
): void {
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0) {
      const detail = "must be specified when `operator` is 'In' or 'NotIn'";
      errors.push(required(`${path}.values`, detail));
    }
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0) {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      errors.push(forbidden(`${path}.values`, detail));
    }
  } else errors.push(invalid(`${path}.operator`, operator ?? "", "not a valid selector operator"));
  for (const message of isQualifiedName(key ?? "")) {
    errors.push(invalid(`${path}.key`, key ?? "", message));
  }
  if (options.allowInvalidValues) return;
  values.forEach((value, index) => {
    for (const message of isLabelValue(value)) {
      errors.push(invalid(`${path}.values[${index}]`, value, message));
    }
  });
}
