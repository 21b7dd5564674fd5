import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooMany,
} from "../../../meta/field_error.ts";
import { isQualifiedName } from "../../../meta/names.ts";
import { checkRequired, oneOf } from "../../validation.ts";
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from "./types.gen.ts";

const MAX_RULES = 20;
const MAX_PATTERNS = 20;
const MAX_CODES = 255;
const actions = ["Count", "FailIndex", "FailJob", "Ignore"];

/** What failures of pods mean for their job. */
export function validatePodFailurePolicy(spec: JobSpec, path: string): readonly FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  if (rules.length > MAX_RULES) return [tooMany(`${path}.rules`, rules.length, MAX_RULES)];
  const { initContainers, containers } = spec.template?.spec ?? {};
  const names = new Set([...containers ?? [], ...initContainers ?? []].map(({ name }) => name));
  return rules.flatMap((rule, i) => [...validateRule(rule, spec, names, `${path}.rules[${i}]`)]);
}

function validateRule(
  rule: PodFailurePolicyRule,
  spec: JobSpec,
  names: ReadonlySet<string>,
  path: string,
): readonly FieldError[] {
  const { action, onExitCodes, onPodConditions = [] } = rule;
  const errors: FieldError[] = [];
  if (!action) errors.push(required(`${path}.action`));
  else errors.push(...oneOf(action, `${path}.action`, actions));
  if (action === "FailIndex" && spec.backoffLimitPerIndex === undefined) {
    const detail = "requires the backoffLimitPerIndex to be set";
    errors.push(invalid(`${path}.action`, action, detail));
  }
  if (onExitCodes) errors.push(...validateExitCodes(onExitCodes, names, `${path}.onExitCodes`));
  if (onPodConditions.length > MAX_PATTERNS) {
    errors.push(tooMany(`${path}.onPodConditions`, onPodConditions.length, MAX_PATTERNS));
  }
  onPodConditions.forEach(({ type, status }, i) => {
    const at = `${path}.onPodConditions[${i}]`;
    errors.push(...checkRequired(type, `${at}.type`, isQualifiedName));
    if (!status) errors.push(required(`${at}.status`));
    else errors.push(...oneOf(status, `${at}.status`, ["False", "True", "Unknown"]));
  });
  if (onExitCodes && onPodConditions.length > 0) {
    errors.push(refuse(path, "specifying both OnExitCodes and OnPodConditions is not supported"));
  } else if (!onExitCodes && onPodConditions.length === 0) {
    errors.push(refuse(path, "specifying one of OnExitCodes and OnPodConditions is required"));
  }
  return errors;
}

/** An invalid value that is too large to be shown. */
function refuse(path: string, detail: string): FieldError {
  return { path, reason: "FieldValueInvalid", message: `Invalid value: ${detail}` };
}

function validateExitCodes(
  requirement: PodFailurePolicyOnExitCodesRequirement,
  names: ReadonlySet<string>,
  path: string,
): readonly FieldError[] {
  const { containerName, operator } = requirement;
  const values = requirement.values ?? [];
  const errors: FieldError[] = [];
  if (!operator) errors.push(required(`${path}.operator`));
  else if (operator !== "In" && operator !== "NotIn") {
    errors.push(notSupported(`${path}.operator`, operator, ["In", "NotIn"]));
  }
  if (containerName !== undefined && !names.has(containerName)) {
    const detail = "must be one of the container or initContainer names in the pod template";
    errors.push(invalid(`${path}.containerName`, containerName, detail));
  }
  const at = `${path}.values`;
  if (values.length === 0) errors.push(invalid(at, values, "at least one value is required"));
  if (values.length > MAX_CODES) errors.push(tooMany(at, values.length, MAX_CODES));
  const seen = new Set<number>();
  values.forEach((code, i) => {
    if (operator === "In" && code === 0) {
      errors.push(invalid(`${at}[${i}]`, code, "must not be 0 for the In operator"));
    }
    if (seen.has(code)) errors.push(duplicate(`${at}[${i}]`, code));
    seen.add(code);
  });
  if (values.some((code, i) => i > 0 && values[i - 1]! > code)) {
    errors.push(invalid(at, values, "must be ordered"));
  }
  return errors;
}
