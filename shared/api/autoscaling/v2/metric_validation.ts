import { type FieldError, forbidden, invalid, required } from "../../../meta/field_error.ts";
import { isPathSegmentName } from "../../../meta/names.ts";
import { validateLabelSelector } from "../../../meta/validate_label_selector.ts";
import { parseQuantity, quantitySign } from "../../../resource/quantity.ts";
import { check, checkRequired, oneOf } from "../../validation.ts";
import type {
  CrossVersionObjectReference,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from "./types.gen.ts";

/** Where a metric of each type has its details. */
const fields = {
  ContainerResource: "containerResource",
  External: "external",
  Object: "object",
  Pods: "pods",
  Resource: "resource",
} as const;

/** What an autoscaler looks at. */
export function validateMetrics(
  metrics: readonly MetricSpec[],
  path: string,
): readonly FieldError[] {
  return metrics.flatMap((metric, i) => [...validateMetric(metric, `${path}[${i}]`)]);
}

function validateMetric(metric: MetricSpec, path: string): readonly FieldError[] {
  const { type, object, external, pods, resource, containerResource } = metric;
  const errors: FieldError[] = [];
  if (!type) errors.push(required(`${path}.type`, "must specify a metric source type"));
  else errors.push(...oneOf(type, `${path}.type`, Object.keys(fields)));
  if (object) {
    const at = `${path}.object`;
    errors.push(...validateReference(object.describedObject, `${at}.describedObject`));
    errors.push(...validateIdentifier(object.metric, `${at}.metric`));
    errors.push(...validateTarget(object.target, `${at}.target`));
    errors.push(
      ...requireValue(
        object.target,
        `${at}.target`,
        "must set either a target value or averageValue",
      ),
    );
  }
  if (external) {
    const at = `${path}.external`;
    errors.push(...validateIdentifier(external.metric, `${at}.metric`));
    errors.push(...validateTarget(external.target, `${at}.target`));
    errors.push(...validateExternalTarget(external.target, `${at}.target`));
  }
  if (pods) {
    const at = `${path}.pods`;
    errors.push(...validateIdentifier(pods.metric, `${at}.metric`));
    errors.push(...validateTarget(pods.target, `${at}.target`));
    if (!isPositive(pods.target?.averageValue)) {
      const detail = "must specify a positive target averageValue";
      errors.push(required(`${at}.target.averageValue`, detail));
    }
  }
  for (const field of ["containerResource", "resource"] as const) {
    const source = field === "resource" ? resource : containerResource;
    if (!source) continue;
    const at = `${path}.${field}`;
    if (!source.name) errors.push(required(`${at}.name`, "must specify a resource name"));
    if (field === "containerResource" && !containerResource?.container) {
      errors.push(required(`${at}.container`, "must specify a container"));
    }
    errors.push(...validateTarget(source.target, `${at}.target`));
    errors.push(...validateResourceTarget(source.target, `${at}.target`));
  }
  return [...errors, ...validatePresence(metric, path)];
}

/** Exactly the details of the metric's own type. */
function validatePresence(metric: MetricSpec, path: string): readonly FieldError[] {
  const wanted = fields[metric.type as keyof typeof fields];
  const present = Object.values(fields).filter((field) => metric[field] !== undefined);
  const errors: FieldError[] = [];
  if (wanted && !present.includes(wanted)) {
    const detail = "must populate information for the given metric source";
    errors.push(required(`${path}.${wanted}`, detail));
  }
  if (present.length <= 1) return errors;
  return [
    ...errors,
    ...present.filter((field) => field !== wanted).map((field) =>
      forbidden(`${path}.${field}`, "must populate the given metric source only")
    ),
  ];
}

function validateReference(
  reference: CrossVersionObjectReference | undefined,
  path: string,
): readonly FieldError[] {
  const rule = (value: string) => isPathSegmentName(value);
  return [
    ...checkRequired(reference?.kind, `${path}.kind`, rule),
    ...checkRequired(reference?.name, `${path}.name`, rule),
  ];
}

function validateIdentifier(
  metric: MetricIdentifier | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (!metric?.name) errors.push(required(`${path}.name`, "must specify a metric name"));
  else errors.push(...check(metric.name, `${path}.name`, (value) => isPathSegmentName(value)));
  return [...errors, ...validateLabelSelector(metric?.selector, `${path}.selector`)];
}

function validateTarget(target: MetricTarget | undefined, path: string): readonly FieldError[] {
  const { type, value, averageValue, averageUtilization } = target ?? {} as MetricTarget;
  const errors: FieldError[] = [];
  if (!type) errors.push(required(`${path}.type`, "must specify a metric target type"));
  else if (!["Utilization", "Value", "AverageValue"].includes(type)) {
    const detail = "must be either Utilization, Value, or AverageValue";
    errors.push(invalid(`${path}.type`, type, detail));
  }
  if (value !== undefined && !isPositive(value)) {
    errors.push(invalid(`${path}.value`, value, "must be positive"));
  }
  if (averageValue !== undefined && !isPositive(averageValue)) {
    errors.push(invalid(`${path}.averageValue`, averageValue, "must be positive"));
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    const detail = "must be greater than 0";
    errors.push(invalid(`${path}.averageUtilization`, averageUtilization, detail));
  }
  return errors;
}

function requireValue(
  target: MetricTarget | undefined,
  path: string,
  detail: string,
): readonly FieldError[] {
  return target?.value === undefined && target?.averageValue === undefined
    ? [required(`${path}.averageValue`, detail)]
    : [];
}

function validateExternalTarget(
  target: MetricTarget | undefined,
  path: string,
): readonly FieldError[] {
  if (target?.value !== undefined && target.averageValue !== undefined) {
    const detail = "may not set both a target value for metric and a per-pod target";
    return [forbidden(`${path}.value`, detail)];
  }
  const detail = "must set either a target value for metric or a per-pod target";
  return requireValue(target, path, detail);
}

function validateResourceTarget(
  target: MetricTarget | undefined,
  path: string,
): readonly FieldError[] {
  const hasUtilization = target?.averageUtilization !== undefined;
  const hasValue = target?.averageValue !== undefined;
  if (!hasUtilization && !hasValue) {
    const detail = "must set either a target raw value or a target utilization";
    return [required(`${path}.averageUtilization`, detail)];
  }
  const detail = "may not set both a target raw value and a target utilization";
  return hasUtilization && hasValue ? [forbidden(`${path}.averageValue`, detail)] : [];
}

function isPositive(value: string | undefined): boolean {
  return value !== undefined && quantitySign(parseQuantity(value)) > 0;
}
