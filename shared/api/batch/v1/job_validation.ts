import {
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
} from "../../../meta/field_error.ts";
import { fromLabelSelector } from "../../../meta/labels.ts";
import { isDns1123Label } from "../../../meta/names.ts";
import { validateDomainPrefixedPath } from "../../../meta/validate_domain.ts";
import { validateLabelSelector } from "../../../meta/validate_label_selector.ts";
import { showSelector } from "../../apps/v1/selector_validation.ts";
import {
  validatePodTemplateSpec,
  validateTemplateLabels,
} from "../../core/v1/pod_template_validation.ts";
import { internalValue } from "../../internal_value.ts";
import { nonNegative, oneOf } from "../../validation.ts";
import {
  CONTROLLER_UID_LABEL,
  JOB_NAME_LABEL,
  LEGACY_CONTROLLER_UID_LABEL,
  LEGACY_JOB_NAME_LABEL,
} from "./job_selector.ts";
import { validatePodFailurePolicy } from "./pod_failure_policy_validation.ts";
import { validateSuccessPolicy } from "./success_policy_validation.ts";
import type { Job, JobSpec } from "./types.gen.ts";

const MAX_INDEXED = 100_000;
const MAX_MANAGER = 63;
const INDEXED_ONLY = "requires indexed completion mode";
const restartPolicies = ["OnFailure", "Never"];

/** A new job: its selector must be the generated one. */
export function validateJob(obj: Job): readonly FieldError[] {
  const spec = obj.spec ?? {} as JobSpec;
  return [
    ...validateGeneratedSelector(obj, spec),
    ...validateJobChange(obj),
    ...validateIndexedName(obj, spec),
  ];
}

/** A job as it may be at any time. */
export function validateJobChange(obj: Job): readonly FieldError[] {
  const spec = obj.spec ?? {} as JobSpec;
  return [...validateJobSpec(spec, "spec"), ...validateSelector(spec)];
}

/** The last index must fit into the host name of its pod. */
function validateIndexedName(obj: Job, spec: JobSpec): readonly FieldError[] {
  const { name = "" } = obj.metadata;
  if (spec.completionMode !== "Indexed" || (spec.completions ?? 0) <= 0) return [];
  const last = `${name}-${spec.completions! - 1}`;
  if (isDns1123Label(last).length === 0) return [];
  const detail = `will not able to create pod with invalid DNS label: ${last}`;
  return [invalid("metadata.name", name, detail)];
}

/** What a job is to do, also inside the template of a CronJob; its selector is looked at elsewhere. */
export function validateJobSpec(spec: JobSpec, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const counts = [
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
  ] as const;
  for (const field of counts) errors.push(...nonNegative(spec[field], `${path}.${field}`));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    const detail = "when maxFailedIndexes is specified";
    errors.push(required(`${path}.backoffLimitPerIndex`, detail));
  }
  errors.push(...validateManager(spec.managedBy, `${path}.managedBy`));
  errors.push(...validateCompletionMode(spec, path));
  if (spec.podFailurePolicy) {
    errors.push(...validatePodFailurePolicy(spec, `${path}.podFailurePolicy`));
  }
  if (spec.successPolicy) {
    const at = `${path}.successPolicy`;
    if (spec.completionMode === "Indexed") errors.push(...validateSuccessPolicy(spec, at));
    else {
      const shown = internalValue("k8s.io.api.batch.v1.SuccessPolicy", spec.successPolicy);
      errors.push(invalid(at, shown, INDEXED_ONLY));
    }
  }
  if (spec.podReplacementPolicy !== undefined) {
    const allowed = spec.podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"];
    const at = `${path}.podReplacementPolicy`;
    errors.push(...oneOf(spec.podReplacementPolicy, at, allowed));
  }
  errors.push(...validatePodTemplateSpec(spec.template, `${path}.template`));
  return [...errors, ...validateRestartPolicy(spec, `${path}.template.spec.restartPolicy`)];
}

/** That a selector and labels the client brought do not collide with the generated ones. */
function validateGeneratedSelector(obj: Job, spec: JobSpec): readonly FieldError[] {
  if (spec.manualSelector || !spec.selector) return [];
  const { uid = "", name = "" } = obj.metadata;
  const errors: FieldError[] = [];
  if (uid === "") errors.push(required("metadata.uid"));
  const expected: Readonly<Record<string, string>> = {
    [LEGACY_CONTROLLER_UID_LABEL]: uid,
    [LEGACY_JOB_NAME_LABEL]: name,
    [CONTROLLER_UID_LABEL]: uid,
    [JOB_NAME_LABEL]: name,
  };
  const labels = spec.template?.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(expected)) {
    const path = `spec.template.metadata.labels[${key}]`;
    if (labels[key] === undefined) errors.push(required(path, `must be '${value}'`));
    else if (labels[key] !== value) errors.push(invalid(path, labels, `must be '${value}'`));
  }
  if (validateLabelSelector(spec.selector, "").length > 0) return errors;
  if (!fromLabelSelector(spec.selector).matches(expected)) {
    const detail = "`selector` not auto-generated";
    errors.push(invalid("spec.selector", showSelector(spec.selector), detail));
  }
  return errors;
}

function validateSelector(spec: JobSpec): readonly FieldError[] {
  const errors = spec.selector
    ? [...validateLabelSelector(spec.selector, "spec.selector")]
    : [required("spec.selector")];
  return [...errors, ...validateTemplateLabels(spec.template, spec.selector, "spec.template")];
}

function validateManager(manager: string | undefined, path: string): readonly FieldError[] {
  if (manager === undefined) return [];
  const errors = [...validateDomainPrefixedPath(manager, path)];
  if (manager.length > MAX_MANAGER) errors.push(tooLong(path, MAX_MANAGER));
  return errors;
}

function validateCompletionMode(spec: JobSpec, path: string): readonly FieldError[] {
  const { completionMode: mode, parallelism = 0 } = spec;
  const errors: FieldError[] = [];
  if (mode !== undefined && mode !== "NonIndexed" && mode !== "Indexed") {
    errors.push(notSupported(`${path}.completionMode`, mode, ["NonIndexed", "Indexed"]));
  }
  if (mode === "Indexed") {
    if (spec.completions === undefined) {
      errors.push(required(`${path}.completions`, "when completion mode is Indexed"));
    }
    if (parallelism > MAX_INDEXED) {
      const detail = `must be less than or equal to ${MAX_INDEXED} when completion mode is Indexed`;
      errors.push(invalid(`${path}.parallelism`, parallelism, detail));
    }
    return errors;
  }
  for (const field of ["backoffLimitPerIndex", "maxFailedIndexes"] as const) {
    const value = spec[field];
    if (value !== undefined) errors.push(invalid(`${path}.${field}`, value, INDEXED_ONLY));
  }
  return errors;
}

function validateRestartPolicy(spec: JobSpec, path: string): readonly FieldError[] {
  const policy = spec.template?.spec?.restartPolicy ?? "";
  if (!restartPolicies.includes(policy)) {
    return [required(path, 'valid values: "OnFailure", "Never"')];
  }
  const detail = 'only "Never" is supported when podFailurePolicy is specified';
  return spec.podFailurePolicy && policy !== "Never" ? [invalid(path, policy, detail)] : [];
}
