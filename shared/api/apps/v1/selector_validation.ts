import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import type { LabelSelector } from "../../../meta/types.gen.ts";
import { validateLabelSelector } from "../../../meta/validate_label_selector.ts";
import { internalValue } from "../../internal_value.ts";

/** The selector of a workload `kind` at `spec.selector`: required, and not one that selects everything. */
export function validateWorkloadSelector(
  selector: LabelSelector | undefined,
  kind: string,
): readonly FieldError[] {
  const path = "spec.selector";
  if (!selector) return [required(path)];
  const errors = [...validateLabelSelector(selector, path)];
  if (isEmptySelector(selector)) {
    const detail = `empty selector is invalid for ${kind}`;
    errors.push(invalid(path, showSelector(selector), detail));
  }
  return errors;
}

/** Whether there is nothing in it. */
export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length === 0 &&
    (selector?.matchExpressions?.length ?? 0) === 0;
}

/** Whether it can be used at all; an absent one (null once decoded) selects nothing, which is a use. */
export function isUsableSelector(selector: LabelSelector | undefined): boolean {
  return validateLabelSelector(selector ?? undefined, "").length === 0;
}

/** A selector as messages show it. */
export function showSelector(selector: LabelSelector | undefined): unknown {
  return selector && internalValue("k8s.io.apimachinery.pkg.apis.meta.v1.LabelSelector", selector);
}
