import { type FieldError, forbidden, invalid, notSupported } from "../../../meta/field_error.ts";
import { fromLabels, fromLabelSelector } from "../../../meta/labels.ts";
import type { LabelSelector } from "../../../meta/types.gen.ts";
import { validateAnnotations, validateLabels } from "../../../meta/validate_metadata.ts";
import { validatePodSpec } from "./pod_spec_validation.ts";
import type { PodSpec, PodTemplateSpec } from "./types.gen.ts";

/** A template from which a controller makes pods. */
export function validatePodTemplateSpec(
  template: PodTemplateSpec | undefined,
  path: string,
): readonly FieldError[] {
  const { metadata, spec = {} as PodSpec } = template ?? {};
  const errors = [
    ...validateLabels(metadata?.labels, `${path}.labels`),
    ...validateAnnotations(metadata?.annotations, `${path}.annotations`),
    ...validatePodSpec(spec, `${path}.spec`),
  ];
  if (spec.ephemeralContainers?.length) {
    const detail = "ephemeral containers not allowed in pod template";
    errors.push(forbidden(`${path}.spec.ephemeralContainers`, detail));
  }
  return errors;
}

/**
 * A template whose pods are kept running by a controller with `selector`: they must match it, and never be done.
 * `path` is that of the template.
 */
export function validateServingTemplate(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | Readonly<Record<string, string>> | undefined,
  path: string,
): readonly FieldError[] {
  const errors = [
    ...validateTemplateLabels(template, selector, path),
    ...validatePodTemplateSpec(template, path),
  ];
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {};
  if (restartPolicy && restartPolicy !== "Always") {
    errors.push(notSupported(`${path}.spec.restartPolicy`, restartPolicy, ["Always"]));
  }
  if (activeDeadlineSeconds !== undefined) {
    const detail = "activeDeadlineSeconds in ReplicaSet is not Supported";
    errors.push(forbidden(`${path}.spec.activeDeadlineSeconds`, detail));
  }
  return errors;
}

/** That a selector, if it is a usable one, matches the pods of its own controller. */
export function validateTemplateLabels(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | Readonly<Record<string, string>> | undefined,
  path: string,
): readonly FieldError[] {
  const labels = template?.metadata?.labels;
  if (matches(selector, labels)) return [];
  const detail = "`selector` does not match template `labels`";
  return [invalid(`${path}.metadata.labels`, labels && sorted(labels), detail)];
}

/** As the reference writes a map. */
function sorted(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => a < b ? -1 : 1));
}

function matches(
  selector: LabelSelector | Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  // A required selector that is not there is null once decoded.
  if (!selector) return false;
  const isPlain = !("matchLabels" in selector) && !("matchExpressions" in selector);
  try {
    const matcher = isPlain
      ? fromLabels(selector as Readonly<Record<string, string>>)
      : fromLabelSelector(selector as LabelSelector);
    return matcher.matches(labels);
  } catch {
    // An unusable selector is an error of its own.
    return true;
  }
}
