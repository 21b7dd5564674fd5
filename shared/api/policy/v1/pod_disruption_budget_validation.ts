import { type FieldError, invalid } from "../../../meta/field_error.ts";
import { validateLabelSelector } from "../../../meta/validate_label_selector.ts";
import { validateAtMostAll, validateIntOrPercent } from "../../int_or_percent.ts";
import { internalValue } from "../../internal_value.ts";
import { nonNegative, optionalOneOf } from "../../validation.ts";
import type { PodDisruptionBudget } from "./types.gen.ts";

export function validatePodDisruptionBudget(obj: PodDisruptionBudget): readonly FieldError[] {
  const spec = obj.spec ?? {};
  const { minAvailable, maxUnavailable } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = internalValue("k8s.io.api.policy.v1.PodDisruptionBudgetSpec", spec);
    errors.push(invalid("spec", shown, "minAvailable and maxUnavailable cannot be both set"));
  }
  for (const field of ["minAvailable", "maxUnavailable"] as const) {
    errors.push(...validateIntOrPercent(spec[field], `spec.${field}`));
    errors.push(...validateAtMostAll(spec[field], `spec.${field}`));
  }
  errors.push(...validateLabelSelector(spec.selector, "spec.selector"));
  const path = "spec.unhealthyPodEvictionPolicy";
  const policies = ["AlwaysAllow", "IfHealthyBudget"];
  return [...errors, ...optionalOneOf(spec.unhealthyPodEvictionPolicy, path, policies)];
}

export function validatePodDisruptionBudgetStatus(
  { status }: PodDisruptionBudget,
): readonly FieldError[] {
  const fields = [
    "disruptionsAllowed",
    "currentHealthy",
    "desiredHealthy",
    "expectedPods",
  ] as const;
  return fields.flatMap((field) => [...nonNegative(status?.[field], `status.${field}`)]);
}
