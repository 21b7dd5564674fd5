import type {
  AggregationRule,
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Subject,
} from "../../shared/api/rbac/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import { compactRules, uncovered } from "../authorization/policy_rule.ts";

/** What has to be done so that a bootstrap object is as it should be. */
export type Repair =
  | { readonly action: "none" }
  | { readonly action: "create" | "update"; readonly object: KubeObject }
  /** Deleted and made anew: a binding's role cannot be changed. */
  | { readonly action: "replace"; readonly object: KubeObject };
const none: Repair = { action: "none" };

/**
 * Compares a standard object with what is there. What administrators added stays; what an upgrade needs is added;
 * `autoupdate: "false"` is respected. Pure; `existing` is not changed.
 */
export function repairOf(wanted: KubeObject, existing: KubeObject | undefined): Repair {
  if (!existing) return { action: "create", object: wanted };
  switch (wanted.kind) {
    case "Role":
    case "ClusterRole":
      return repairRole(wanted as ClusterRole, existing as ClusterRole);
    case "RoleBinding":
    case "ClusterRoleBinding":
      return repairBinding(wanted as ClusterRoleBinding, existing as ClusterRoleBinding);
    case "FlowSchema":
    case "PriorityLevelConfiguration":
      return repairFlow(wanted, existing);
    case "Endpoints":
      return repairFields(wanted, existing, ["subsets"]);
    case "EndpointSlice":
      return repairFields(wanted, existing, ["endpoints", "ports"]);
    case "APIService":
      return repairFields(wanted, existing, ["spec"]);
    case "ConfigMap":
      return wanted.metadata.name === "extension-apiserver-authentication"
        ? repairFields(wanted, existing, ["data"])
        : none;
    // A user's changes to these are the user's business; the Service's address is in use.
    default:
      return none;
  }
}

const AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate";

function repairRole(wanted: ClusterRole, existing: ClusterRole): Repair {
  if (existing.metadata.annotations?.[AUTOUPDATE] === "false") return none;
  const aggregationRule = mergeSelectors(wanted.aggregationRule, existing.aggregationRule);
  const missing = aggregationRule
    ? [] // The rules are the aggregation controller's.
    : compactRules(uncovered(existing.rules ?? [], wanted.rules ?? []));
  const rules: PolicyRule[] = [...existing.rules ?? [], ...missing];
  const object: ClusterRole = {
    ...existing,
    metadata: mergeMetadata(wanted, existing),
    ...(missing.length > 0 && { rules }),
    ...(aggregationRule && { aggregationRule }),
  };
  return changed(object, existing);
}

function repairBinding(wanted: ClusterRoleBinding, existing: ClusterRoleBinding): Repair {
  if (existing.metadata.annotations?.[AUTOUPDATE] === "false") return none;
  const { kind, name } = existing.roleRef;
  if (kind !== wanted.roleRef.kind || name !== wanted.roleRef.name) {
    return { action: "replace", object: wanted };
  }
  const known = new Set((existing.subjects ?? []).map(subjectKey));
  const missing = (wanted.subjects ?? []).filter((subject) => !known.has(subjectKey(subject)));
  const object: ClusterRoleBinding = {
    ...existing,
    metadata: mergeMetadata(wanted, existing),
    ...(missing.length > 0 && { subjects: [...existing.subjects ?? [], ...missing] }),
  };
  return changed(object, existing);
}

/** `exempt` and `catch-all` are never the user's; the others are once the annotation says so. */
function repairFlow(wanted: KubeObject, existing: KubeObject): Repair {
  const annotation = existing.metadata.annotations?.["apf.kubernetes.io/autoupdate-spec"];
  const mandatory = wanted.metadata.name === "exempt" || wanted.metadata.name === "catch-all";
  const ours = annotation === undefined
    ? (existing.metadata.generation ?? 1) === 1
    : annotation === "true";
  return mandatory || ours ? repairFields(wanted, existing, ["spec"]) : none;
}

function repairFields(
  wanted: KubeObject,
  existing: KubeObject,
  fields: readonly string[],
): Repair {
  const from = wanted as unknown as Record<string, unknown>;
  const values = fields.filter((field) => from[field] !== undefined)
    .map((field) => [field, from[field]]);
  return changed({ ...existing, ...Object.fromEntries(values) }, existing);
}

function changed(object: KubeObject, existing: KubeObject): Repair {
  return canonical(object) === canonical(existing) ? none : { action: "update", object };
}

/** Missing labels and annotations are added; those that are there stay as they are. */
function mergeMetadata(wanted: KubeObject, existing: KubeObject): KubeObject["metadata"] {
  const { metadata } = existing;
  return {
    ...metadata,
    labels: { ...wanted.metadata.labels, ...metadata.labels },
    annotations: { ...wanted.metadata.annotations, ...metadata.annotations },
  };
}

function mergeSelectors(
  wanted: AggregationRule | undefined,
  existing: AggregationRule | undefined,
): AggregationRule | undefined {
  if (!wanted) return existing;
  const have = existing?.clusterRoleSelectors ?? [];
  const known = new Set(have.map(canonical));
  const missing = (wanted.clusterRoleSelectors ?? []).filter((one) => !known.has(canonical(one)));
  return { clusterRoleSelectors: [...have, ...missing] };
}

function subjectKey({ kind, apiGroup = "", namespace = "", name }: Subject): string {
  return [kind, apiGroup, namespace, name].join("\n");
}

/** JSON with sorted keys: stored objects may have their fields in another order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
    return Object.fromEntries(
      Object.entries(part).sort(([left], [right]) => left < right ? -1 : 1),
    );
  });
}
