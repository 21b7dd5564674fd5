import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { isDns1123Label, nameIsDns1123Label } from "../../../meta/names.ts";
import { validateClaimSpec } from "../../core/v1/persistent_volume_claim_validation.ts";
import {
  validatePodTemplateSpec,
  validateTemplateLabels,
} from "../../core/v1/pod_template_validation.ts";
import { amountOf, validateAtMostAll, validateIntOrPercent } from "../../int_or_percent.ts";
import { internalValue } from "../../internal_value.ts";
import { check, nonNegative, oneOf } from "../../validation.ts";
import { isUsableSelector, showSelector, validateWorkloadSelector } from "./selector_validation.ts";
import type { StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy } from "./types.gen.ts";

/** A StatefulSet lends its name to pods as part of a DNS label. */
export function validateStatefulSetName(name: string, prefix: boolean): readonly string[] {
  return nameIsDns1123Label(name, prefix);
}

export function validateStatefulSet(obj: StatefulSet): readonly FieldError[] {
  const spec = obj.spec ?? {} as StatefulSetSpec;
  const { selector, template } = spec;
  const errors = [
    ...validateManagementPolicy(spec.podManagementPolicy),
    ...validateStrategy(spec.updateStrategy ?? {}, "spec.updateStrategy"),
    ...validateRetention(spec),
    ...nonNegative(spec.replicas, "spec.replicas"),
    ...nonNegative(spec.minReadySeconds, "spec.minReadySeconds"),
    ...nonNegative(spec.ordinals?.start, "spec.ordinals.start"),
    ...validateWorkloadSelector(selector, "statefulset"),
  ];
  if (isUsableSelector(selector)) {
    errors.push(...validateTemplateLabels(template, selector, "spec.template"));
    errors.push(...validatePodTemplateSpec(template, "spec.template"));
  } else errors.push(invalid("spec.selector", showSelector(selector), ""));
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {};
  if (restartPolicy !== "Always") {
    const path = "spec.template.spec.restartPolicy";
    errors.push(notSupported(path, restartPolicy ?? "", ["Always"]));
  }
  if (activeDeadlineSeconds !== undefined) {
    const detail = "activeDeadlineSeconds in StatefulSet is not Supported";
    errors.push(forbidden("spec.template.spec.activeDeadlineSeconds", detail));
  }
  spec.volumeClaimTemplates?.forEach((claim, i) => {
    errors.push(...validateClaimSpec(claim.spec ?? {}, `spec.volumeClaimTemplates[${i}].spec`));
  });
  if (spec.serviceName) {
    errors.push(...check(spec.serviceName, "spec.serviceName", isDns1123Label));
  }
  return errors;
}

export function validateStatefulSetStatus(obj: StatefulSet): readonly FieldError[] {
  const { status } = obj;
  const fields = [
    "replicas",
    "readyReplicas",
    "currentReplicas",
    "updatedReplicas",
    "availableReplicas",
    "observedGeneration",
    "collisionCount",
  ] as const;
  const errors = fields.flatMap((field) => [...nonNegative(status?.[field], `status.${field}`)]);
  const replicas = status?.replicas ?? 0;
  const parts = [
    "readyReplicas",
    "currentReplicas",
    "updatedReplicas",
    "availableReplicas",
  ] as const;
  for (const field of parts) {
    const count = status?.[field] ?? 0;
    if (count > replicas) {
      errors.push(invalid(`status.${field}`, count, "cannot be greater than status.replicas"));
    }
  }
  const available = status?.availableReplicas ?? 0;
  if (available > (status?.readyReplicas ?? 0)) {
    const detail = "cannot be greater than status.readyReplicas";
    errors.push(invalid("status.availableReplicas", available, detail));
  }
  return errors;
}

function validateManagementPolicy(policy: string | undefined): readonly FieldError[] {
  const path = "spec.podManagementPolicy";
  if (!policy) return [required(path)];
  return policy === "OrderedReady" || policy === "Parallel"
    ? []
    : [invalid(path, policy, "must be 'OrderedReady' or 'Parallel'")];
}

function validateStrategy(
  strategy: StatefulSetUpdateStrategy,
  path: string,
): readonly FieldError[] {
  const { type, rollingUpdate } = strategy;
  const at = `${path}.rollingUpdate`;
  if (!type) return [required(path)];
  if (type === "OnDelete") {
    if (!rollingUpdate) return [];
    const shown = internalValue("k8s.io.api.apps.v1.RollingUpdateStatefulSetStrategy", {
      ...rollingUpdate,
      partition: rollingUpdate.partition ?? 0,
    });
    return [invalid(at, shown, "only allowed for updateStrategy 'RollingUpdate'")];
  }
  if (type !== "RollingUpdate") {
    const shown = internalValue("k8s.io.api.apps.v1.StatefulSetUpdateStrategy", strategy);
    return [invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'")];
  }
  if (!rollingUpdate) return [];
  const { partition, maxUnavailable } = rollingUpdate;
  const errors = [...nonNegative(partition, `${at}.partition`)];
  if (maxUnavailable === undefined) return errors;
  errors.push(...validateIntOrPercent(maxUnavailable, `${at}.maxUnavailable`));
  if (errors.length === 0 && amountOf(maxUnavailable) === 0) {
    errors.push(invalid(`${at}.maxUnavailable`, maxUnavailable, "cannot be 0"));
  }
  return [...errors, ...validateAtMostAll(maxUnavailable, `${at}.maxUnavailable`)];
}

function validateRetention(spec: StatefulSetSpec): readonly FieldError[] {
  const path = "spec.persistentVolumeClaimRetentionPolicy";
  const policy = spec.persistentVolumeClaimRetentionPolicy;
  if (!policy) return [];
  return [
    ...oneOf(policy.whenDeleted, `${path}.whenDeleted`, ["Retain", "Delete"]),
    ...oneOf(policy.whenScaled, `${path}.whenScaled`, ["Retain", "Delete"]),
  ];
}
