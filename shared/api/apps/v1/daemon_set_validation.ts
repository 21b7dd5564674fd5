import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { validateLabelSelector } from "../../../meta/validate_label_selector.ts";
import {
  validatePodTemplateSpec,
  validateTemplateLabels,
} from "../../core/v1/pod_template_validation.ts";
import { amountOf, validateAtMostAll, validateIntOrPercent } from "../../int_or_percent.ts";
import { internalValue } from "../../internal_value.ts";
import { immutable, nonNegative } from "../../validation.ts";
import { isEmptySelector, isUsableSelector, showSelector } from "./selector_validation.ts";
import type {
  DaemonSet,
  DaemonSetSpec,
  DaemonSetUpdateStrategy,
  RollingUpdateDaemonSet,
} from "./types.gen.ts";

export function validateDaemonSet(obj: DaemonSet): readonly FieldError[] {
  const spec = obj.spec ?? {} as DaemonSetSpec;
  const { selector, template } = spec;
  const errors = [...validateLabelSelector(selector ?? undefined, "spec.selector")];
  if (isUsableSelector(selector)) {
    errors.push(...validateTemplateLabels(template, selector, "spec.template"));
  }
  if (selector && isEmptySelector(selector)) {
    const detail = "empty selector is invalid for daemonset";
    errors.push(invalid("spec.selector", showSelector(selector), detail));
  }
  errors.push(...validatePodTemplateSpec(template, "spec.template"));
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {};
  if (restartPolicy !== "Always") {
    const path = "spec.template.spec.restartPolicy";
    errors.push(notSupported(path, restartPolicy ?? "", ["Always"]));
  }
  if (activeDeadlineSeconds !== undefined) {
    const detail = "activeDeadlineSeconds in DaemonSet is not Supported";
    errors.push(forbidden("spec.template.spec.activeDeadlineSeconds", detail));
  }
  errors.push(...nonNegative(spec.minReadySeconds, "spec.minReadySeconds"));
  errors.push(...validateStrategy(spec.updateStrategy ?? {}, "spec.updateStrategy"));
  errors.push(...nonNegative(spec.revisionHistoryLimit, "spec.revisionHistoryLimit"));
  return errors;
}

export function validateDaemonSetUpdate(obj: DaemonSet, old: DaemonSet): readonly FieldError[] {
  const shown = showSelector(obj.spec?.selector);
  const same = JSON.stringify(shown) === JSON.stringify(showSelector(old.spec?.selector));
  return immutable(same, shown, "spec.selector");
}

export function validateDaemonSetStatus(obj: DaemonSet): readonly FieldError[] {
  const fields = [
    "currentNumberScheduled",
    "numberMisscheduled",
    "desiredNumberScheduled",
    "numberReady",
    "observedGeneration",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
    "collisionCount",
  ] as const;
  return fields.flatMap((field) => [...nonNegative(obj.status?.[field], `status.${field}`)]);
}

function validateStrategy(strategy: DaemonSetUpdateStrategy, path: string): readonly FieldError[] {
  switch (strategy.type) {
    case "OnDelete":
      return [];
    case "RollingUpdate":
      return strategy.rollingUpdate
        ? validateRollingUpdate(strategy.rollingUpdate, `${path}.rollingUpdate`)
        : [required(`${path}.rollingUpdate`)];
    default: {
      const shown = internalValue("k8s.io.api.apps.v1.DaemonSetUpdateStrategy", strategy);
      return [notSupported(path, shown, ["RollingUpdate", "OnDelete"])];
    }
  }
}

/** Either the old pod goes first, or the new one comes first. */
function validateRollingUpdate(
  { maxUnavailable, maxSurge }: RollingUpdateDaemonSet,
  path: string,
): readonly FieldError[] {
  const errors = [
    ...validateIntOrPercent(maxUnavailable, `${path}.maxUnavailable`),
    ...validateIntOrPercent(maxSurge, `${path}.maxSurge`),
  ];
  const hasUnavailable = amountOf(maxUnavailable) !== 0;
  const hasSurge = amountOf(maxSurge) !== 0;
  if (hasUnavailable && hasSurge) {
    const detail = "may not be set when maxUnavailable is non-zero";
    errors.push(invalid(`${path}.maxSurge`, maxSurge, detail));
  } else if (!hasUnavailable && !hasSurge) {
    errors.push(required(`${path}.maxUnavailable`, "cannot be 0 when maxSurge is 0"));
  }
  return [
    ...errors,
    ...validateAtMostAll(maxUnavailable, `${path}.maxUnavailable`),
    ...validateAtMostAll(maxSurge, `${path}.maxSurge`),
  ];
}
