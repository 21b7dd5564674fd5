import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { isPathSegmentName } from "../../../meta/names.ts";
import { checkRequired, nonNegative, oneOf } from "../../validation.ts";
import { validateMetrics } from "./metric_validation.ts";
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior,
  HorizontalPodAutoscalerSpec,
  HPAScalingPolicy,
  HPAScalingRules,
} from "./types.gen.ts";

const MAX_PERIOD_SECONDS = 1800;
const MAX_WINDOW_SECONDS = 3600;

export function validateHorizontalPodAutoscaler(
  obj: HorizontalPodAutoscaler,
): readonly FieldError[] {
  const spec = obj.spec ?? {} as HorizontalPodAutoscalerSpec;
  const { minReplicas, maxReplicas = 0 } = spec;
  const errors: FieldError[] = [];
  if (minReplicas !== undefined && minReplicas < 1) {
    const detail = "must be greater than or equal to 1";
    errors.push(invalid("spec.minReplicas", minReplicas, detail));
  }
  if (maxReplicas < 1) {
    errors.push(invalid("spec.maxReplicas", maxReplicas, "must be greater than 0"));
  }
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    const detail = "must be greater than or equal to `minReplicas`";
    errors.push(invalid("spec.maxReplicas", maxReplicas, detail));
  }
  errors.push(...validateTarget(spec.scaleTargetRef, "spec.scaleTargetRef"));
  errors.push(...validateMetrics(spec.metrics ?? [], "spec.metrics"));
  return [...errors, ...validateBehavior(spec.behavior, "spec.behavior")];
}

export function validateHorizontalPodAutoscalerStatus(
  { status }: HorizontalPodAutoscaler,
): readonly FieldError[] {
  return [
    ...nonNegative(status?.currentReplicas, "status.currentReplicas"),
    ...nonNegative(status?.desiredReplicas, "status.desiredReplicas"),
  ];
}

function validateTarget(
  target: CrossVersionObjectReference | undefined,
  path: string,
): readonly FieldError[] {
  const rule = (value: string) => isPathSegmentName(value);
  return [
    ...checkRequired(target?.kind, `${path}.kind`, rule),
    ...checkRequired(target?.name, `${path}.name`, rule),
  ];
}

function validateBehavior(
  behavior: HorizontalPodAutoscalerBehavior | undefined,
  path: string,
): readonly FieldError[] {
  return [
    ...validateRules(behavior?.scaleUp, `${path}.scaleUp`),
    ...validateRules(behavior?.scaleDown, `${path}.scaleDown`),
  ];
}

function validateRules(rules: HPAScalingRules | undefined, path: string): readonly FieldError[] {
  if (!rules) return [];
  const errors: FieldError[] = [];
  const window = rules.stabilizationWindowSeconds ?? 0;
  const at = `${path}.stabilizationWindowSeconds`;
  if (window < 0) errors.push(invalid(at, window, "must be greater than or equal to zero"));
  if (window > MAX_WINDOW_SECONDS) {
    errors.push(invalid(at, window, `must be less than or equal to ${MAX_WINDOW_SECONDS}`));
  }
  if (rules.selectPolicy !== undefined) {
    errors.push(...oneOf(rules.selectPolicy, `${path}.selectPolicy`, ["Disabled", "Max", "Min"]));
  }
  if (!rules.policies?.length) {
    errors.push(required(`${path}.policies`, "must specify at least one Policy"));
  }
  rules.policies?.forEach((policy, i) => {
    errors.push(...validatePolicy(policy, `${path}.policies[${i}]`));
  });
  return errors;
}

function validatePolicy(policy: HPAScalingPolicy, path: string): readonly FieldError[] {
  const { type, value = 0, periodSeconds = 0 } = policy;
  const errors = [...oneOf(type, `${path}.type`, ["Percent", "Pods"])];
  if (value <= 0) errors.push(invalid(`${path}.value`, value, "must be greater than zero"));
  const at = `${path}.periodSeconds`;
  if (periodSeconds <= 0) errors.push(invalid(at, periodSeconds, "must be greater than zero"));
  if (periodSeconds > MAX_PERIOD_SECONDS) {
    const detail = `must be less than or equal to ${MAX_PERIOD_SECONDS}`;
    errors.push(invalid(at, periodSeconds, detail));
  }
  return errors;
}
