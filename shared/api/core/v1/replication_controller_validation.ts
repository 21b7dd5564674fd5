import { type FieldError, forbidden, notSupported, required } from "../../../meta/field_error.ts";
import { nonNegative } from "../../validation.ts";
import { validatePodTemplateSpec, validateTemplateLabels } from "./pod_template_validation.ts";
import { validateReplicaStatus } from "./replica_status_validation.ts";
import type { ReplicationController } from "./types.gen.ts";

export function validateReplicationController(obj: ReplicationController): readonly FieldError[] {
  const { minReadySeconds, selector, replicas, template } = obj.spec ?? {};
  const errors = [...nonNegative(minReadySeconds, "spec.minReadySeconds")];
  if (Object.keys(selector ?? {}).length === 0) errors.push(required("spec.selector"));
  errors.push(...nonNegative(replicas, "spec.replicas"));
  const path = "spec.template";
  if (!template) return [...errors, required(path)];
  if (Object.keys(selector ?? {}).length > 0) {
    errors.push(...validateTemplateLabels(template, selector, path));
  }
  errors.push(...validatePodTemplateSpec(template, path));
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== "Always") {
    errors.push(notSupported(`${path}.spec.restartPolicy`, restartPolicy ?? "", ["Always"]));
  }
  if (activeDeadlineSeconds !== undefined) {
    const detail = "activeDeadlineSeconds in ReplicationController is not Supported";
    errors.push(forbidden(`${path}.spec.activeDeadlineSeconds`, detail));
  }
  return errors;
}

export function validateReplicationControllerStatus(
  obj: ReplicationController,
): readonly FieldError[] {
  return validateReplicaStatus(obj.status ?? {});
}
