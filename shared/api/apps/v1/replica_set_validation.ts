import { type FieldError, invalid } from "../../../meta/field_error.ts";
import { validateServingTemplate } from "../../core/v1/pod_template_validation.ts";
import { validateReplicaStatus } from "../../core/v1/replica_status_validation.ts";
import { immutable, nonNegative } from "../../validation.ts";
import { isUsableSelector, showSelector, validateWorkloadSelector } from "./selector_validation.ts";
import type { ReplicaSet, ReplicaSetSpec } from "./types.gen.ts";

export function validateReplicaSet(obj: ReplicaSet): readonly FieldError[] {
  const spec = obj.spec ?? {} as ReplicaSetSpec;
  const errors = [
    ...nonNegative(spec.replicas, "spec.replicas"),
    ...nonNegative(spec.minReadySeconds, "spec.minReadySeconds"),
    // The reference speaks of deployments here.
    ...validateWorkloadSelector(spec.selector, "deployment"),
  ];
  if (isUsableSelector(spec.selector)) {
    errors.push(...validateServingTemplate(spec.template, spec.selector, "spec.template"));
  } else {
    errors.push(invalid("spec.selector", showSelector(spec.selector), "invalid label selector"));
  }
  return errors;
}

export function validateReplicaSetUpdate(obj: ReplicaSet, old: ReplicaSet): readonly FieldError[] {
  const shown = showSelector(obj.spec?.selector);
  const same = JSON.stringify(shown) === JSON.stringify(showSelector(old.spec?.selector));
  return immutable(same, shown, "spec.selector");
}

export function validateReplicaSetStatus(obj: ReplicaSet): readonly FieldError[] {
  return validateReplicaStatus(obj.status ?? {});
}
