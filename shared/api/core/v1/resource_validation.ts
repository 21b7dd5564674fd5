import {
  type FieldError,
  forbidden,
  invalid,
  notFound,
  required,
} from "../../../meta/field_error.ts";
import { isDns1123Label, isQualifiedName } from "../../../meta/names.ts";
import {
  asMilli,
  compareQuantities,
  parseQuantity,
  quantitySign,
} from "../../../resource/quantity.ts";
import { checkRequired } from "../../validation.ts";
import {
  isContainerResource,
  isExtendedResource,
  isHugePages,
  isIntegerResource,
  isNativeResource,
  isOvercommitAllowed,
  isStandardResource,
} from "./resource_names.ts";
import type { ResourceClaim, ResourceRequirements } from "./types.gen.ts";

/** A resource name of any use: qualified, or a standard one. */
export function validateResourceName(name: string, path: string): readonly FieldError[] {
  const messages = isQualifiedName(name);
  if (messages.length > 0) return messages.map((message) => invalid(path, name, message));
  return name.includes("/") || isStandardResource(name)
    ? []
    : [invalid(path, name, "must be a standard resource type or fully qualified")];
}

/** A resource name that a container may use. */
export function validateContainerResourceName(name: string, path: string): readonly FieldError[] {
  const errors = [...validateResourceName(name, path)];
  if (!name.includes("/")) {
    if (!isContainerResource(name)) {
      errors.push(invalid(path, name, "must be a standard resource for containers"));
    }
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"));
  }
  return errors;
}

/** An amount of a resource: not negative, and whole where only that makes sense. */
export function validateResourceValue(
  name: string,
  value: string,
  path: string,
): readonly FieldError[] {
  const errors = [...validateNonNegativeQuantity(value, path)];
  if (isIntegerResource(name) && asMilli(parseQuantity(value)) % 1000 !== 0) {
    errors.push(invalid(path, value, "must be an integer"));
  }
  return errors;
}

/** `must be greater than or equal to 0`. */
export function validateNonNegativeQuantity(value: string, path: string): readonly FieldError[] {
  return quantitySign(parseQuantity(value)) < 0
    ? [invalid(path, value, "must be greater than or equal to 0")]
    : [];
}

/** Requests and limits of a container. `claimNames`: the resource claims of its pod. */
export function validateResources(
  resources: ResourceRequirements,
  claimNames: ReadonlySet<string>,
  path: string,
): readonly FieldError[] {
  const { limits = {}, requests = {} } = resources;
  const errors: FieldError[] = [];
  for (const [name, value] of sorted(limits)) {
    errors.push(...validateEntry(name, value, `${path}.limits[${name}]`));
  }
  for (const [name, value] of sorted(requests)) {
    errors.push(...validateEntry(name, value, `${path}.requests[${name}]`));
    errors.push(...validateAgainstLimit(name, value, limits[name], path));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes("cpu") && !names.includes("memory")) {
    errors.push(forbidden(path, "HugePages require cpu or memory"));
  }
  errors.push(...validateClaims(resources.claims ?? [], claimNames, `${path}.claims`));
  return errors;
}

function validateEntry(name: string, value: string, path: string): readonly FieldError[] {
  const errors = [
    ...validateContainerResourceName(name, path),
    ...validateResourceValue(name, value, path),
  ];
  if (isHugePages(name)) errors.push(...validateHugePages(name, value, path));
  return errors;
}

function validateHugePages(name: string, value: string, path: string): readonly FieldError[] {
  let size: bigint;
  try {
    size = BigInt(Math.trunc(asMilli(parseQuantity(name.slice("hugepages-".length))) / 1000));
  } catch {
    return [];
  }
  const bytes = BigInt(Math.trunc(asMilli(parseQuantity(value)) / 1000));
  return size > 0n && bytes % size !== 0n
    ? [
      invalid(
        path,
        value,
        `field must be a multiple of the page size: ${name.slice("hugepages-".length)}`,
      ),
    ]
    : [];
}

function validateAgainstLimit(
  name: string,
  request: string,
  limit: string | undefined,
  path: string,
): readonly FieldError[] {
  if (limit === undefined) {
    return isOvercommitAllowed(name)
      ? []
      : [required(`${path}.limits`, "Limit must be set for non overcommitable resources")];
  }
  const order = compareQuantities(parseQuantity(request), parseQuantity(limit));
  if (order !== 0 && !isOvercommitAllowed(name)) {
    return [invalid(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`)];
  }
  return order > 0
    ? [
      invalid(
        `${path}.requests`,
        request,
        `must be less than or equal to ${name} limit of ${limit}`,
      ),
    ]
    : [];
}

function validateClaims(
  claims: readonly ResourceClaim[],
  known: ReadonlySet<string>,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  claims.forEach(({ name, request = "" }, i) => {
    const at = `${path}[${i}]`;
    if (!name) {
      errors.push(required(at));
      return;
    }
    const key = request === "" ? name : `${name}/${request}`;
    if (seen.has(key)) {
      const shown = JSON.stringify(key);
      errors.push({
        path: at,
        reason: "FieldValueDuplicate",
        message: `Duplicate value: ${shown}`,
      });
    }
    seen.add(key);
    if (request !== "") errors.push(...checkRequired(request, `${at}.request`, isDns1123Label));
    if (known.has(name)) return;
    const missing = notFound(at, name);
    const names = known.size === 0
      ? "must be one of the names in pod.spec.resourceClaims which is empty"
      : "must be one of the names in pod.spec.resourceClaims";
    errors.push({ ...missing, message: `${missing.message}: ${names}` });
  });
  return errors;
}

/** The reference walks a map in no order; we in that of the names. */
function sorted(list: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(list).sort(([a], [b]) => a < b ? -1 : 1);
}
