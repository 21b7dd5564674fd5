import type {
  PersistentVolumeClaim,
  Pod,
  PodAffinityTerm,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
} from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import type { QuotaResource } from "./usage.ts";

/** Whether an object is of the kind that a quota's scopes narrow it to. */
export function matchesScopes(
  { spec }: ResourceQuota,
  resource: QuotaResource,
  object: KubeObject,
): boolean {
  const scopes: readonly ScopedResourceSelectorRequirement[] = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists" })),
    ...spec?.scopeSelector?.matchExpressions ?? [],
  ];
  if (scopes.length === 0) return true;
  if (resource.group !== "") return false;
  if (resource.plural === "pods") return scopes.every((scope) => podMatches(scope, object as Pod));
  if (resource.plural !== "persistentvolumeclaims") return false;
  return scopes.every((scope) => claimMatches(scope, object as PersistentVolumeClaim));
}

function podMatches(scope: ScopedResourceSelectorRequirement, { spec }: Pod): boolean {
  switch (scope.scopeName) {
    case "Terminating":
      return (spec?.activeDeadlineSeconds ?? -1) >= 0;
    case "NotTerminating":
      return (spec?.activeDeadlineSeconds ?? -1) < 0;
    case "BestEffort":
      return isBestEffort(spec);
    case "NotBestEffort":
      return !isBestEffort(spec);
    case "PriorityClass":
      return selects(scope, spec?.priorityClassName);
    case "CrossNamespacePodAffinity":
      return looksElsewhere(spec);
    default:
      return false;
  }
}

function claimMatches(
  scope: ScopedResourceSelectorRequirement,
  { spec, status }: PersistentVolumeClaim,
): boolean {
  if (scope.scopeName !== "VolumeAttributesClass") return false;
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter(Boolean);
  if (names.length === 0) return selects(scope, undefined);
  return names.some((name) => selects(scope, name));
}

function selects(
  { operator, values = [] }: ScopedResourceSelectorRequirement,
  value: string | undefined,
): boolean {
  const present = value !== undefined && value !== "";
  switch (operator) {
    case "Exists":
      return present;
    case "DoesNotExist":
      return !present;
    case "In":
      return present && values.includes(value);
    default:
      return !present || !values.includes(value);
  }
}

function isBestEffort(spec: Pod["spec"]): boolean {
  const lists = [...spec?.containers ?? [], ...spec?.initContainers ?? [], {
    resources: spec?.resources,
  }];
  return lists.every(({ resources }) =>
    [resources?.requests, resources?.limits].every((list) =>
      !Object.keys(list ?? {}).some((name) => name === "cpu" || name === "memory")
    )
  );
}

function looksElsewhere(spec: Pod["spec"]): boolean {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  const terms: PodAffinityTerm[] = [podAffinity, podAntiAffinity].flatMap((affinity) => [
    ...affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
      .map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  return terms.some(({ namespaces, namespaceSelector }) =>
    (namespaces ?? []).length > 0 || namespaceSelector !== undefined
  );
}
