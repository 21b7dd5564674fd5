import { type FieldError, forbidden } from "../../../meta/field_error.ts";
import { validatePodSpec } from "./pod_spec_validation.ts";
import type { Pod, PodSpec } from "./types.gen.ts";

/** A pod, new or changed. */
export function validatePod(pod: Pod): readonly FieldError[] {
  return validatePodSpec(pod.spec ?? {} as PodSpec, "spec");
}

/** What a pod can only come to have later. */
export function validatePodCreate(pod: Pod): readonly FieldError[] {
  const spec = pod.spec ?? {} as PodSpec;
  const errors: FieldError[] = [];
  if (spec.ephemeralContainers?.length) {
    errors.push(forbidden("spec.ephemeralContainers", "cannot be set on create"));
  }
  if (spec.nodeName && spec.schedulingGates?.length) {
    const detail = "cannot be set until all schedulingGates have been cleared";
    errors.push(forbidden("spec.nodeName", detail));
  }
  return errors;
}
