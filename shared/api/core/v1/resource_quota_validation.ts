import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { internalValue } from "../../internal_value.ts";
import { immutable } from "../../validation.ts";
import { isQuotaResource } from "./resource_names.ts";
import { validateResourceName, validateResourceValue } from "./resource_validation.ts";
import type {
  ResourceQuota,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
} from "./types.gen.ts";

const scopes = [
  "Terminating",
  "NotTerminating",
  "BestEffort",
  "NotBestEffort",
  "PriorityClass",
  "CrossNamespacePodAffinity",
  "VolumeAttributesClass",
];
/** Scopes that a pod is in or not, without values. */
const plainScopes = [
  "BestEffort",
  "NotBestEffort",
  "Terminating",
  "NotTerminating",
  "CrossNamespacePodAffinity",
];
const exclusive = [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]];
const compute = /^((requests|limits)\.)?(cpu|memory|ephemeral-storage)$|^pods$/;

export function validateResourceQuota(obj: ResourceQuota): readonly FieldError[] {
  const spec = obj.spec ?? {};
  return [
    ...validateAmounts(spec.hard, "spec.hard"),
    ...validateScopes(spec),
    ...validateScopeSelector(spec),
  ];
}

/** The scopes of a quota decide what it counts: they stay. */
export function validateResourceQuotaUpdate(
  obj: ResourceQuota,
  old: ResourceQuota,
): readonly FieldError[] {
  const sorted = (of: ResourceQuota) => [...of.spec?.scopes ?? []].sort().join();
  return immutable(sorted(obj) === sorted(old), obj.spec?.scopes ?? null, "spec.scopes");
}

export function validateResourceQuotaStatus(obj: ResourceQuota): readonly FieldError[] {
  return [
    ...validateAmounts(obj.status?.hard, "status.hard"),
    ...validateAmounts(obj.status?.used, "status.used"),
  ];
}

function validateAmounts(
  list: Readonly<Record<string, string>> | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const name of Object.keys(list ?? {}).sort()) {
    const at = `${path}[${name}]`;
    errors.push(...validateResourceName(name, at));
    if (!name.includes("/") && !isQuotaResource(name)) {
      errors.push(invalid(at, name, "must be a standard resource for quota"));
    }
    errors.push(...validateResourceValue(name, list![name]!, at));
  }
  return errors;
}

function validateScopes(spec: ResourceQuotaSpec): readonly FieldError[] {
  const path = "spec.scopes";
  const shown = spec.scopes ?? null;
  const errors: FieldError[] = [];
  for (const scope of spec.scopes ?? []) {
    if (!scopes.includes(scope)) errors.push(invalid(path, shown, "unsupported scope"));
    errors.push(...misfits(spec, scope).map((detail) => invalid(path, shown, detail)));
  }
  return [...errors, ...validateConflicts(spec.scopes ?? [], path, shown)];
}

function validateScopeSelector(spec: ResourceQuotaSpec): readonly FieldError[] {
  if (!spec.scopeSelector) return [];
  const path = "spec.scopeSelector.matchExpressions";
  const shown = internalValue("k8s.io.api.core.v1.ScopeSelector", spec.scopeSelector);
  const errors: FieldError[] = [];
  const requirements = spec.scopeSelector.matchExpressions ?? [];
  for (const requirement of requirements) {
    const { scopeName } = requirement;
    if (!scopes.includes(scopeName)) {
      errors.push(invalid(`${path}.scopeName`, scopeName, "unsupported scope"));
    }
    errors.push(...misfits(spec, scopeName).map((detail) => invalid(path, shown, detail)));
    errors.push(...validateOperator(requirement, path));
  }
  const names = requirements.map(({ scopeName }) => scopeName);
  return [...errors, ...validateConflicts(names, path, shown)];
}

function validateOperator(
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (plainScopes.includes(scopeName) && operator !== "Exists") {
    const detail = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, " +
      "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or " +
      "ResourceQuotaScopeCrossNamespacePodAffinity";
    errors.push(invalid(`${path}.operator`, operator, detail));
  }
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0) {
      const detail =
        "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      errors.push(required(`${path}.values`, detail));
    }
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0) {
      const detail =
        "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      errors.push(invalid(`${path}.values`, values, detail));
    }
  } else errors.push(invalid(`${path}.operator`, operator, "not a valid selector operator"));
  return errors;
}

/** For every standard resource that a quota limits and objects of the scope cannot use. */
function misfits(spec: ResourceQuotaSpec, scope: string): readonly string[] {
  const fits = (resource: string) => {
    if (scope === "BestEffort") return resource === "pods";
    if (scope === "VolumeAttributesClass") {
      return resource === "persistentvolumeclaims" || resource === "requests.storage";
    }
    return scopes.includes(scope) ? compute.test(resource) : true;
  };
  return Object.keys(spec.hard ?? {})
    .filter((resource) => isQuotaResource(resource) && !fits(resource))
    .map(() => "unsupported scope applied to resource");
}

function validateConflicts(
  names: readonly string[],
  path: string,
  shown: unknown,
): readonly FieldError[] {
  return exclusive.filter((pair) => pair.every((scope) => names.includes(scope)))
    .map(() => invalid(path, shown, "conflicting scopes"));
}
