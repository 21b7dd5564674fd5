import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  required,
} from "../../../meta/field_error.ts";
import { isQualifiedName } from "../../../meta/names.ts";
import { asFloat, compareQuantities, parseQuantity } from "../../../resource/quantity.ts";
import { check } from "../../validation.ts";
import { isOvercommitAllowed } from "./resource_names.ts";
import { validateContainerResourceName, validateResourceName } from "./resource_validation.ts";
import type { LimitRange, LimitRangeItem } from "./types.gen.ts";

const types = ["Pod", "Container", "PersistentVolumeClaim"];

export function validateLimitRange(obj: LimitRange): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  obj.spec?.limits?.forEach((item, i) => {
    const path = `spec.limits[${i}]`;
    errors.push(...validateType(item.type ?? "", `${path}.type`));
    if (seen.has(item.type)) errors.push(duplicate(`${path}.type`, item.type));
    seen.add(item.type);
    errors.push(...validateItem(item, path));
  });
  return errors;
}

function validateType(type: string, path: string): readonly FieldError[] {
  const errors = [...check(type, path, isQualifiedName)];
  if (errors.length > 0 || type.includes("/") || types.includes(type)) return errors;
  return [invalid(path, type, "must be a standard limit type or fully qualified")];
}

function validateItem(item: LimitRangeItem, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = (field: "max" | "min" | "default" | "defaultRequest" | "maxLimitRequestRatio") => {
    for (const name of Object.keys(item[field] ?? {}).sort()) {
      const at = `${path}.${field}[${name}]`;
      const isForContainers = item.type === "Pod" || item.type === "Container";
      errors.push(
        ...(isForContainers ? validateContainerResourceName : validateResourceName)(name, at),
      );
    }
  };
  names("max");
  names("min");
  for (const field of ["default", "defaultRequest"] as const) {
    if (item.type !== "Pod") names(field);
    else if (Object.keys(item[field] ?? {}).length > 0) {
      errors.push(forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'"));
    }
  }
  if (item.type === "PersistentVolumeClaim" && !item.min?.storage && !item.max?.storage) {
    const detail = "either minimum or maximum storage value is required, but neither was provided";
    errors.push(required(`${path}.limits`, detail));
  }
  names("maxLimitRequestRatio");
  const all = new Set(
    [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio]
      .flatMap((list) => Object.keys(list ?? {})),
  );
  for (const name of [...all].sort()) errors.push(...validateOrder(item, name, path));
  return errors;
}

/** min ≤ default request ≤ default ≤ max. */
function validateOrder(item: LimitRangeItem, name: string, path: string): readonly FieldError[] {
  const isDefaulted = item.type !== "Pod";
  const min = item.min?.[name];
  const max = item.max?.[name];
  const limit = isDefaulted ? item.default?.[name] : undefined;
  const request = isDefaulted ? item.defaultRequest?.[name] : undefined;
  const errors: FieldError[] = [];
  const refuse = (field: string, value: string, detail: string) =>
    errors.push(invalid(`${path}.${field}[${name}]`, value, detail));
  if (isGreater(min, max)) {
    refuse("min", min!, `min value ${min} is greater than max value ${max}`);
  }
  if (isGreater(min, request)) {
    const detail = `min value ${min} is greater than default request value ${request}`;
    refuse("defaultRequest", request!, detail);
  }
  if (isGreater(request, max)) {
    const detail = `default request value ${request} is greater than max value ${max}`;
    refuse("defaultRequest", request!, detail);
  }
  if (isGreater(request, limit)) {
    const detail = `default request value ${request} is greater than default limit value ${limit}`;
    refuse("defaultRequest", request!, detail);
  }
  if (isGreater(min, limit)) {
    refuse("default", min!, `min value ${min} is greater than default value ${limit}`);
  }
  if (isGreater(limit, max)) {
    refuse("default", max!, `default value ${limit} is greater than max value ${max}`);
  }
  errors.push(...validateRatio(item, name, path));
  if (limit !== undefined && request !== undefined && !isOvercommitAllowed(name)) {
    if (compareQuantities(parseQuantity(limit), parseQuantity(request)) !== 0) {
      const detail =
        `default value ${limit} must equal to defaultRequest value ${request} in ${item.type}`;
      refuse("defaultRequest", request, detail);
    }
  }
  return errors;
}

function validateRatio(item: LimitRangeItem, name: string, path: string): readonly FieldError[] {
  const ratio = item.maxLimitRequestRatio?.[name];
  if (ratio === undefined) return [];
  const at = `${path}.maxLimitRequestRatio[${name}]`;
  const errors: FieldError[] = [];
  if (isGreater("1", ratio)) errors.push(invalid(at, ratio, `ratio ${ratio} is less than 1`));
  const min = item.min?.[name];
  const max = item.max?.[name];
  if (min !== undefined && max !== undefined) {
    const most = asFloat(parseQuantity(max)) / asFloat(parseQuantity(min));
    if (asFloat(parseQuantity(ratio)) > most) {
      const detail = `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`;
      errors.push(invalid(at, ratio, detail));
    }
  }
  return errors;
}

function isGreater(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined &&
    compareQuantities(parseQuantity(a), parseQuantity(b)) > 0;
}
