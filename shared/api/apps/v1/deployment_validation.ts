import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { validateServingTemplate } from "../../core/v1/pod_template_validation.ts";
import { validateReplicaCounts } from "../../core/v1/replica_status_validation.ts";
import { amountOf, validateAtMostAll, validateIntOrPercent } from "../../int_or_percent.ts";
import { internalValue } from "../../internal_value.ts";
import { immutable, nonNegative } from "../../validation.ts";
import { isUsableSelector, showSelector, validateWorkloadSelector } from "./selector_validation.ts";
import type {
  Deployment,
  DeploymentSpec,
  DeploymentStrategy,
  RollingUpdateDeployment,
} from "./types.gen.ts";

export function validateDeployment(obj: Deployment): readonly FieldError[] {
  const spec = obj.spec ?? {} as DeploymentSpec;
  const { selector, minReadySeconds = 0, progressDeadlineSeconds: deadline } = spec;
  const errors = [...nonNegative(spec.replicas, "spec.replicas")];
  errors.push(...validateWorkloadSelector(selector, "deployment"));
  if (isUsableSelector(selector)) {
    errors.push(...validateServingTemplate(spec.template, selector, "spec.template"));
  } else errors.push(invalid("spec.selector", showSelector(selector), "invalid label selector"));
  errors.push(...validateStrategy(spec.strategy ?? {}, "spec.strategy"));
  errors.push(...nonNegative(spec.minReadySeconds, "spec.minReadySeconds"));
  errors.push(...nonNegative(spec.revisionHistoryLimit, "spec.revisionHistoryLimit"));
  if (deadline !== undefined) {
    const path = "spec.progressDeadlineSeconds";
    errors.push(...nonNegative(deadline, path));
    if (deadline <= minReadySeconds) {
      errors.push(invalid(path, deadline, "must be greater than minReadySeconds"));
    }
  }
  return errors;
}

export function validateDeploymentUpdate(obj: Deployment, old: Deployment): readonly FieldError[] {
  const shown = showSelector(obj.spec?.selector);
  const same = JSON.stringify(shown) === JSON.stringify(showSelector(old.spec?.selector));
  return immutable(same, shown, "spec.selector");
}

export function validateDeploymentStatus(obj: Deployment): readonly FieldError[] {
  const status = obj.status ?? {};
  const counts = [
    "observedGeneration",
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
    "terminatingReplicas",
    "collisionCount",
  ] as const;
  const parts = ["updatedReplicas", "readyReplicas", "availableReplicas"] as const;
  return validateReplicaCounts(status, counts, parts);
}

function validateStrategy(strategy: DeploymentStrategy, path: string): readonly FieldError[] {
  const at = `${path}.rollingUpdate`;
  switch (strategy.type) {
    case "Recreate": {
      const detail = "may not be specified when strategy `type` is 'Recreate'";
      return strategy.rollingUpdate ? [forbidden(at, detail)] : [];
    }
    case "RollingUpdate":
      return strategy.rollingUpdate
        ? validateRollingUpdate(strategy.rollingUpdate, at)
        : [required(at, "this should be defaulted and never be nil")];
    default: {
      const shown = internalValue("k8s.io.api.apps.v1.DeploymentStrategy", strategy);
      return [notSupported(path, shown, ["Recreate", "RollingUpdate"])];
    }
  }
}

function validateRollingUpdate(
  { maxUnavailable, maxSurge }: RollingUpdateDeployment,
  path: string,
): readonly FieldError[] {
  const errors = [
    ...validateIntOrPercent(maxUnavailable, `${path}.maxUnavailable`),
    ...validateIntOrPercent(maxSurge, `${path}.maxSurge`),
  ];
  if (errors.length === 0 && amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
    const detail = "may not be 0 when `maxSurge` is 0";
    errors.push(invalid(`${path}.maxUnavailable`, maxUnavailable, detail));
  }
  return [...errors, ...validateAtMostAll(maxUnavailable, `${path}.maxUnavailable`)];
}
