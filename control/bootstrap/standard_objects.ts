import type { ClusterRole, Subject } from "../../shared/api/rbac/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import data from "./data/objects.json" with { type: "json" };
import { agentRoles } from "./agent_roles.ts";

const RBAC = "rbac.authorization.k8s.io";

/** A role or binding without what all of them have in common. */
interface RbacRow {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly rules?: ClusterRole["rules"];
  readonly aggregationRule?: ClusterRole["aggregationRule"];
  /** `ClusterRole cluster-admin`. */
  readonly role?: string;
  readonly subjects?: readonly Subject[];
}
/** Group, version, priority of the group, priority of the version within it. */
type ApiServiceRow = readonly [string, string, number, number];
interface FlowRow {
  readonly name: string;
  readonly spec: { readonly priorityLevelConfiguration?: { readonly name: string } };
}

interface Standard {
  readonly namespaces: readonly string[];
  readonly clusterRoles: readonly RbacRow[];
  readonly clusterRoleBindings: readonly RbacRow[];
  readonly roles: readonly RbacRow[];
  readonly roleBindings: readonly RbacRow[];
  readonly priorityClasses: readonly { readonly name: string; readonly value: number }[];
  readonly apiServices: readonly ApiServiceRow[];
  readonly flowSchemas: readonly FlowRow[];
  readonly priorityLevels: readonly FlowRow[];
}
const standard = data as unknown as Standard;

/**
 * The objects of every cluster that depend on nothing but the API's version, in the order in which they are made:
 * namespaces, priority classes, priority and fairness, RBAC, APIServices. `now` is a `metav1.Time`.
 */
export function standardObjects(now: string): readonly KubeObject[] {
  return [
    ...standard.namespaces.map(namespace),
    ...standard.priorityClasses.map(({ name, ...rest }) => ({
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      metadata: { name },
      ...rest,
    })),
    ...flowObjects(now),
    ...rbacObjects(),
    ...standard.apiServices.map((row) => apiService(row, now)),
  ];
}

/** The standard priority levels and flow schemas. */
export function flowObjects(now = ""): readonly KubeObject[] {
  return [
    ...standard.priorityLevels.map((row) => flowObject("PriorityLevelConfiguration", row, now)),
    ...standard.flowSchemas.map((row) => flowObject("FlowSchema", row, now)),
  ];
}

/** The standard roles and bindings, and those of Coracle's agents. */
export function rbacObjects(): readonly KubeObject[] {
  const of = (kind: string) => (row: RbacRow) => rbacObject(kind, row);
  return [
    ...standard.clusterRoles.map(of("ClusterRole")),
    ...standard.clusterRoleBindings.map(of("ClusterRoleBinding")),
    ...standard.roles.map(of("Role")),
    ...standard.roleBindings.map(of("RoleBinding")),
    ...agentRoles.clusterRoles.map(of("ClusterRole")),
    ...agentRoles.clusterRoleBindings.map(of("ClusterRoleBinding")),
  ];
}

function namespace(name: string): KubeObject & { readonly status: unknown } {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
    status: { phase: "Active" },
  };
}

function rbacObject(kind: string, row: RbacRow): KubeObject {
  const { name, namespace, labels, rules, aggregationRule, role, subjects } = row;
  const [roleKind, roleName] = role?.split(" ") ?? [];
  const object = {
    apiVersion: `${RBAC}/v1`,
    kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: { "kubernetes.io/bootstrapping": "rbac-defaults", ...labels },
      annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
    },
    ...(role === undefined && { rules: rules ?? null }),
    ...(aggregationRule && { aggregationRule }),
    ...(role !== undefined && {
      ...(subjects && { subjects }),
      roleRef: { apiGroup: RBAC, kind: roleKind, name: roleName },
    }),
  };
  return structuredClone(object);
}

function flowObject(kind: string, { name, spec }: FlowRow, now: string): KubeObject {
  const level = spec.priorityLevelConfiguration?.name;
  const object = {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind,
    metadata: { name, annotations: { "apf.kubernetes.io/autoupdate-spec": "true" } },
    spec: structuredClone(spec),
    status: level === undefined ? {} : {
      conditions: [{
        type: "Dangling",
        status: "False",
        lastTransitionTime: now,
        reason: "Found",
        message: "This FlowSchema references the PriorityLevelConfiguration object named " +
          `${JSON.stringify(level)} and it exists`,
      }],
    },
  };
  return object;
}

function apiService(row: ApiServiceRow, now: string): KubeObject {
  const [group, version, groupPriorityMinimum, versionPriority] = row;
  const object = {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: {
      name: `${version}.${group}`,
      labels: { "kube-aggregator.kubernetes.io/automanaged": "onstart" },
    },
    spec: { ...(group && { group }), version, groupPriorityMinimum, versionPriority },
    status: {
      conditions: [{
        type: "Available",
        status: "True",
        lastTransitionTime: now,
        reason: "Local",
        message: "Local APIServices are always available",
      }],
    },
  };
  return object;
}
